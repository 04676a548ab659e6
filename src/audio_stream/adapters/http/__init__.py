"""Controllers: requests in, use cases, responses out."""
