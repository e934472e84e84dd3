#!/usr/bin/env python3
"""The client of source 4 as it is deployed, from the wire contract alone: what it sends, and what it relies on in the answers.

    tests/outside/mailbox_client.py PORT CA

The server at PORT must let strangers open mailboxes. `tests/mailbox.rs` runs it.
"""
import base64
import hashlib
import http.client
import json
import ssl
import sys
import time
import urllib.parse

from cloud_python import Failed, check


class Api:
    """As the deployed client makes requests: small letters in header names, JSON with a charset, parameters in the query."""

    def __init__(self, port, ca):
        context = ssl.create_default_context(cafile=ca)
        self.connection = http.client.HTTPSConnection("127.0.0.1", int(port), timeout=60, context=context)

    def request(self, method, url, body=None, params=None, credentials=None):
        headers = {"accept": "application/json, text/plain, */*", "user-agent": "axios/0.16.1"}
        if credentials:
            headers["x-user-name"], headers["x-user-token"] = credentials
        if params:
            url += "?" + urllib.parse.urlencode(params)
        data = None
        if body is not None:
            data, headers["content-type"] = json.dumps(body).encode(), "application/json;charset=utf-8"
        self.connection.request(method, url, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text)


class App:
    """Somebody with the client: what is typed is hashed before it is sent, as password and as key."""

    def __init__(self, api, name, typed):
        self.api, self.name = api, name
        self.credentials = (name, self._hash(typed, 1))
        self.seen = {}

    @staticmethod
    def _hash(typed, times):
        for _ in range(times):
            typed = base64.b64encode(hashlib.sha256(typed.encode()).digest()).decode()
        return typed

    def call(self, method, url, expect=200, **more):
        status, body = self.api.request(method, url, credentials=self.credentials, **more)
        if status != expect:
            raise Failed(f"{method} {url} answered {status} and not {expect}: {body}")
        return body

    def register(self):
        key = f"-----BEGIN PUBLIC KEY-----\r\n{self.name}\r\n-----END PUBLIC KEY-----\r\n" * 8
        body = {"username": self.name, "password": self.credentials[1], "private_key": self._hash(key, 2), "public_key": key}
        status, user = self.api.request("POST", "/users", body=body)
        check(status == 201, f"{self.name} is registered")
        body.pop("password")
        check(user == {**body, "id": user["id"], "info": ""}, "with what was sent, and no password")
        return user

    def send(self, friend, text):
        key = self.call("GET", "/users/friends", params={"username": friend})["public_key"]
        check(friend in key, f"{self.name} has the key of {friend}")
        contents = base64.b64encode(text.encode()).decode()
        sent = self.call("POST", "/messages", 201, body={"recipient": friend, "contents": contents})
        wanted = {"from_user": self.name, "to_user": friend, "contents": contents}
        check({name: sent[name] for name in wanted} == wanted, "the message is what was sent")
        check(isinstance(sent["id"], int) and isinstance(sent["sent_at"], int), "with a number and a whole second")
        return sent

    def poll(self):
        """What is new. Then everything that is older than the second of the poll is deleted, and what is fetched again is known."""
        answer = self.call("GET", "/messages")
        new = [message for message in answer["messages"] if message["id"] not in self.seen]
        self.seen |= {message["id"]: message for message in new}
        if answer["messages"]:
            done = self.call("DELETE", "/messages", params={"until": answer["query_time"]})
            check(done["result"] == "success" and isinstance(done["deleted"], int), "deleting tells how many")
        return [base64.b64decode(message["contents"]).decode() for message in new]


def refused(api, method, url, status, **more):
    got, body = api.request(method, url, **more)
    check(got == status and body["status"] == status and isinstance(body["message"], str), f"{method} {url} is {status}")


def people_write(api):
    roy, matan = App(api, "roysom", "bananas"), App(api, "chernima", "bananas")
    first, second = roy.register(), matan.register()
    check(second["id"] > first["id"], "numbers grow")
    check(App(api, "roysom", "bananas").call("GET", "/users/me") == first, "somebody logs in at another place")
    check(App(api, "roysom", "bananas").call("POST", "/users/me", body={"info": "i am bea"})["info"] == "i am bea", "and changes what is kept")
    check(matan.send("roysom", "hello, world!")["sent_at"] <= time.time() + 60, "it was sent about now")
    check(roy.poll() == ["hello, world!"], "the message arrives")
    check(roy.poll() == [], "and does not arrive again")
    for number in range(5):
        matan.send("roysom", str(number))
    check(roy.poll() == ["4", "3", "2", "1", "0"], "the newest is first")
    check(matan.poll() == [], "nobody gets what is for another")
    return roy


def strangers_are_refused(api, roy):
    """The sanity tests of source 4."""
    for name in ("roysom!@?$", "ab", "x" * 33, "roysom"):
        body = {"username": name, "password": "apples", "private_key": "", "public_key": ""}
        refused(api, "POST", "/users", 400, body=body)
    refused(api, "POST", "/users", 400)
    for method, url in (("GET", "/users/me"), ("POST", "/users/me"), ("GET", "/users/friends"), ("POST", "/messages"),
                        ("GET", "/messages"), ("DELETE", "/messages")):
        refused(api, method, url, 401)
    refused(api, "GET", "/messages", 401, credentials=("roysom", "not right"))
    refused(api, "POST", "/users/me", 400, credentials=roy.credentials)
    refused(api, "GET", "/users/friends", 404, credentials=roy.credentials, params={"username": "nobody"})
    refused(api, "POST", "/messages", 404, credentials=roy.credentials, body={"recipient": "nobody", "contents": "x"})
    refused(api, "POST", "/messages", 400, credentials=roy.credentials, body={"recipient": "roysom", "contents": "x"})
    refused(api, "DELETE", "/messages", 400, credentials=roy.credentials, params={"until": "soon"})
    refused(api, "PATCH", "/messages", 405, credentials=roy.credentials)
    refused(api, "GET", "/messages/1", 404, credentials=roy.credentials)


def main():
    api = Api(*sys.argv[1:])
    strangers_are_refused(api, people_write(api))


if __name__ == "__main__":
    try:
        main()
    except Failed as reason:
        sys.exit(f"FAILED: {reason}")
