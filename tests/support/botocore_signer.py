"""Sign the requests on standard input (a JSON list) with botocore's SigV4 and print each one's headers as
JSON.

Run by `tests.support.moto.sign_with_botocore` with the Python that has botocore. Standard input's shape is
told there.
"""

# mypy: ignore-errors
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_headers(request):
    moment = datetime.datetime.strptime(request["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    # botocore takes the time from its own module's clock and offers no other way in.
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
        moment.replace(tzinfo=None) if remove_tzinfo else moment
    )
    credentials = Credentials(request["access_key"], request["secret_key"], request.get("session_token"))
    made = AWSRequest(request["method"], request["url"], headers=request["headers"], data=request["body"])
    botocore.auth.SigV4Auth(credentials, request["service"], request["region"]).add_auth(made)
    return dict(made.headers.items())


if __name__ == "__main__":
    json.dump([signed_headers(request) for request in json.load(sys.stdin)], sys.stdout)
