"""What audio-stream needs in AWS: `pulumi up` in this folder makes it."""

import pulumi
from converter import Converter
from layout import read_settings
from storage import Storage
from web_app_access import WebAppAccess

settings = read_settings(pulumi.Config())
storage = Storage("storage", settings)
converter = Converter("converter", settings, storage)
access = WebAppAccess("web-app-access", storage)

pulumi.export("bucket", storage.bucket_name)
pulumi.export("function", converter.function_name)
pulumi.export("failureQueue", converter.queue_url)
pulumi.export("webAppPolicyArn", access.policy_arn)
