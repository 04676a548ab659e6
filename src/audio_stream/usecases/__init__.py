"""What people can do here, one class per file, named by its verb."""
