"""Who calls an API: nobody in particular, a user whose requests are signed, or one who has a token."""

import dataclasses
import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from emulator import ACCOUNT, REGION

PASSWORD = "Women-and-children-1st"


@dataclasses.dataclass
class Answer:
    """What came back: the body is what its JSON says."""

    status: int
    headers: dict
    body: object


def call(url, body=None, method=None, headers=(), key=None):
    """Sends a request, signed with `key` if there is one. Names below localhost are on the loopback, whether or not the system knows."""
    data = json.dumps(body) if body is not None else None
    method = method or ("POST" if data else "GET")
    headers = dict(headers) | ({"content-type": "application/json"} if data else {})
    if key:
        request = AWSRequest(method, url, headers, data)
        SigV4Auth(Credentials(*key), "execute-api", REGION).add_auth(request)
        headers = dict(request.headers)
    address = urllib.parse.urlsplit(url)
    path = address.path + (f"?{address.query}" if address.query else "")
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
    try:
        connection.request(method, path, data, {"host": address.netloc} | headers)
        response = connection.getresponse()
        text = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, json.loads(text) if text else None)
    finally:
        connection.close()


def user(emulator, name, policy):
    """Makes a user who may do what the policy says, and returns their key."""
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def may_invoke(api):
    """Returns a policy that lets its owner call an API."""
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*"
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}]}


class Tokens:
    """A user pool of Cognito: an issuer of JSON web tokens, for each of its clients."""

    def __init__(self, emulator):
        self.cognito = emulator.client("cognito-idp")
        self.pool = self.cognito.create_user_pool(PoolName="callers")["UserPool"]["Id"]
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}"
        self.cognito.admin_create_user(UserPoolId=self.pool, Username="caller", MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=self.pool, Username="caller", Password=PASSWORD, Permanent=True)

    def audience(self, name):
        """Makes a client, and returns its id, which its tokens are for."""
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = self.cognito.create_user_pool_client(UserPoolId=self.pool, ClientName=name, ExplicitAuthFlows=flows)
        return made["UserPoolClient"]["ClientId"]

    def issue(self, audience):
        """Returns a token for an audience."""
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=audience,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "caller", "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["AccessToken"]
