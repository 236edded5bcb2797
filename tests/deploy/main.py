"""Deploys the template on MiniStack, an emulator of AWS, as SAM built it, and calls what came of it as its callers do.

    make bootstrap tools && .tools/ministack/bin/python -B tests/deploy/main.py [.aws-sam/test/template.yaml]

Signatures are verified, and the policies of all roles hold: a function does its work with no more rights than it has on AWS.
infra/README.md tells what cannot be tried like this. Needs no network.
"""

import base64
import contextlib
import datetime
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile
import zoneinfo

import caller
import emulator as ministack
import stack
from caller import call
from stack import ARCHITECTURE, ROOT, expect

BUILT = ROOT / ".aws-sam/test/template.yaml"
ROOT_KEY = ministack.KEY, ministack.SECRET
ORIGINS = ["https://pages.example.org", "http://localhost:3000"]
# Parameters that make resources, or settings of them, which the defaults do not.
OPTIONAL = {
    "AlarmEmail": "alarms@example.org",
    "MaxWriteUnitsPerSecond": "100",
    "MonitorSchedule": "rate(12 hours)",
    "ReservedConcurrency": "5",
    "TableDeletionProtection": "false",
    "Tracing": "PassThrough",
}
PACKAGE = ROOT / "tests/packages/classes"
# A package whose history changes; tests/lambda/making.rs holds that it is the one of tests/fixtures/trams.rs.
TRAMS = ROOT / "tests/deploy/trams"
ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
# How late the trams of each day are: of so many, one.
LATE_ONES = [1, 3, 2]
RECORD = json.loads(json.loads((ROOT / "events/predict.json").read_text())["body"])


def main():
    started = time.monotonic()
    built = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else BUILT).resolve()
    for needed in (built, stack.SAM):
        if not needed.is_file():
            sys.exit(f"{needed} is not there: `make bootstrap` makes it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    with tempfile.TemporaryDirectory() as work, ministack.running(work) as emulator:
        template, lacking = stack.without_lacking(stack.package(emulator, built, work))
        print(f"ok: uploaded what SAM built; left out, as MiniStack lacks it: {', '.join(lacking)}")
        rights = stack.deploy_rights(emulator)
        service = stack.deploy(emulator, "lifeboat", template, Architecture=ARCHITECTURE, PermissionsBoundary=rights.outputs["Boundary"])
        expect([name for name in service.ids if name.startswith(("Batch", "Bulk"))], [], "resources of bulk scoring, which is off")
        print(f"ok: {service.name} stands, with {len(service.ids)} resources and its roles within the boundary of infra/deploy_role.yaml")
        strangers(emulator, service)
        smoke(emulator, service.url, "as the workflow that deploys", workflow(emulator, rights))
        hook(emulator, service)
        outcomes(emulator, service)
        schedule(emulator, service)
        metrics(emulator, service)
        browsers(emulator, template)
        tokens(emulator, template)
        rest_api(emulator, service)
        zips = release(built, work)
        another_table(emulator, zips, work)
        changing_history(emulator, zips, work)
    print(f"ok: deployed and called in {time.monotonic() - started:.0f} s")


def workflow(emulator, rights):
    """Returns the key of a user who may do what the workflow may that deploys, since only GitHub's tokens get its role."""
    document = emulator.client("iam").get_role_policy(RoleName=rights.ids["DeployRole"], PolicyName="deploy")["PolicyDocument"]
    return caller.user(emulator, "workflow", document)


def strangers(emulator, service):
    """Who does not sign, signs wrongly or has no right to call is refused."""
    key, secret = caller.user(emulator, "client", caller.may_invoke(service.ids["HttpApi"]))
    expect(call(f"{service.url}/ready", key=(key, secret)).status, 200, "the answer to a user who may call")
    expect(call(f"{service.url}/ready").status, 403, "the answer to an unsigned call")
    expect(call(f"{service.url}/predict", RECORD).status, 403, "the answer to an unsigned prediction")
    expect(call(f"{service.url}/ready", key=(key, secret[::-1])).status, 403, "the answer to a wrong signature")
    other = caller.user(emulator, "stranger", caller.may_invoke("another"))
    expect(call(f"{service.url}/ready", key=other).status, 403, "the answer to a user of another API")
    preflight = ask_before(service.url, ORIGINS[0])
    expect("access-control-allow-origin" in preflight.headers, False, "whether a browser may call, without CorsOrigins")
    print("ok: unsigned calls, wrong signatures, users of another API and browsers are refused")


def smoke(emulator, url, who, key=None, **settings):
    """Runs infra/smoke.sh, which signs with the key if there is one."""
    settings |= {"SMOKE_SIGN": "1", "AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]} if key else {}
    done = subprocess.run([ROOT / "infra/smoke.sh", url], env=emulator.environment | settings, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"infra/smoke.sh failed, {who}:\n{done.stdout}{done.stderr}")
    print(f"{done.stdout.splitlines()[-1]}, {who}")


def hook(emulator, service):
    """The hook lets the version predict, with the rights of its role. What it tells CodeDeploy, nobody hears here."""
    event = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "1"}
    emulator.client("lambda").invoke(FunctionName=service.ids["PreTrafficHook"], Payload=json.dumps(event))
    said = log(emulator, f"/aws/lambda/CodeDeployHook_{service.name}")
    expect("the new version predicts" in said, True, f"whether the hook lets the new version predict: {said}")
    print("ok: the hook lets the new version predict, before it has traffic")


def outcomes(emulator, service):
    """What really happened is recorded and corrected with the rights of the function, and found by the day when it became known."""
    predicted = call(f"{service.url}/predict", RECORD, key=ROOT_KEY).body["id"]
    for survived, corrects, result in ((0, False, "recorded"), (1, False, "contradicts"), (1, True, "corrected"), (1, True, "stands")):
        told = call(f"{service.url}/outcomes", [{"id": predicted, "Survived": survived, "corrects": corrects}], key=ROOT_KEY)
        expect((told.status, [one["result"] for one in told.body]), (200, [result]), f"what comes of the outcome {survived}")
    known = [item["known_day_part"] for item in items(emulator, service) if "known_day_part" in item]
    table = emulator.client("dynamodb")
    condition = {"KeyConditionExpression": "known_day_part = :part", "ExpressionAttributeValues": {":part": known[0]}}
    found = table.query(TableName=service.outputs["TableName"], IndexName="by_known", **condition)["Items"]
    expect((len(known), len(found)), (2, 2), "an outcome and its correction, in the table and in the index")
    print("ok: an outcome is recorded and corrected, and both are in the index by when they became known")


def schedule(emulator, service):
    """The function that the schedule names is called as the schedule would, and its report is kept where the API finds it."""
    timer = emulator.client("scheduler").get_schedule(Name=service.ids["MonitorTimer"])
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    event = timer["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    predicted = [item for item in items(emulator, service) if "day_part" in item]
    grow_old(emulator, service, predicted[0])
    report = invoke(emulator, timer["Target"]["Arn"], event)
    expect((report["rows"], report["verdict"]), (len(predicted), "insufficient_data"), "the report")
    kept = [item for item in items(emulator, service) if item["entity"]["S"] == "reports"]
    expect(len(kept), 1, "reports that are kept")
    expect(call(f"{service.url}/monitor", key=ROOT_KEY).status, 200, "the answer to who asks for the report")
    invoke(emulator, timer["Target"]["Arn"], (ROOT / "events/monitor_schedule.json").read_text())
    print(f"ok: the monitor reports on {len(predicted)} predictions, one of them of an older version, when it is called {timer['ScheduleExpression']}, and keeps its report")


def grow_old(emulator, service, item):
    """Makes a prediction one of an older version: what its features are called, the table must say."""
    table = {"TableName": service.outputs["TableName"]}
    update = {"UpdateExpression": "SET model_version = :older", "ExpressionAttributeValues": {":older": {"S": "0.9.0-00000000"}}}
    key = {name: item[name] for name in ("entity", "prediction")}
    emulator.client("dynamodb").update_item(**table, Key=key, **update)


def metrics(emulator, service):
    """Both functions write their metrics into the logs that the template names."""
    for function, metric in (("api", "PredictionsCreated"), ("monitor", "MonitoredPredictions")):
        told = [line for line in metric_lines(emulator, service, function) if metric in line]
        expect({line["service"] for line in told}, {service.name}, f"services that tell of {metric}")
        spaces = {directive["Namespace"] for line in told for directive in line["_aws"]["CloudWatchMetrics"]}
        expect(spaces, {"Lifeboat"}, f"namespaces of {metric}")
    print("ok: both functions write their metrics into their logs")


def browsers(emulator, template):
    """Pages of CorsOrigins may call, whose browsers ask first and without credentials; others may not."""
    given = OPTIONAL | {"Architecture": ARCHITECTURE, "CorsOrigins": ",".join(ORIGINS)}
    service = stack.deploy(emulator, "lifeboat-pages", template, **given)
    print(f"ok: {service.name} stands, with {', '.join(given)}")
    hand_over_cors(emulator, service)
    expect(routes(emulator, service), {"$default": "AWS_IAM", "OPTIONS /{proxy+}": "NONE"}, "routes with CorsOrigins")
    for origin in ORIGINS:
        allowed = ask_before(service.url, origin)
        expect(allowed.status, 204, f"the answer to a browser with a page of {origin}")
        expect(allowed.headers["access-control-allow-origin"], origin, "the origin that may call")
        expect("POST" in allowed.headers["access-control-allow-methods"].split(","), True, "whether it may post")
        headers = set(allowed.headers["access-control-allow-headers"].split(","))
        expect({"authorization", "content-type", "x-amz-date"} - headers, set(), "headers that it may not send")
        answer = call(f"{service.url}/predict", RECORD, headers={"origin": origin}, key=ROOT_KEY)
        expect(answer.status in (200, 201), True, f"whether it predicts: {answer.status}")
        expect(answer.headers["access-control-allow-origin"], origin, "the origin that may read the answer")
        expect("location" in answer.headers["access-control-expose-headers"].split(","), True, "whether it sees where the prediction is")
    answered = call(f"{service.url}/ready", headers={"origin": "null"}, key=ROOT_KEY)
    for answer in (ask_before(service.url, "https://elsewhere.example"), answered):
        expect("access-control-allow-origin" in answer.headers, False, "whether another page may call")
    expect(call(f"{service.url}/ready", headers={"origin": ORIGINS[0]}).status, 403, "the answer to a page's unsigned call")
    print(f"ok: with CorsOrigins, pages of {' and '.join(ORIGINS)} may call, and no others")


def hand_over_cors(emulator, service):
    """Hands the API the CORS configuration that its stack made. MiniStack's CloudFormation keeps it by CloudFormation's names, which
    its gateway does not know."""
    api = service.ids["HttpApi"]
    made = call(f"{emulator.url}/v2/apis/{api}", key=ROOT_KEY).body["corsConfiguration"]
    emulator.client("apigatewayv2").update_api(ApiId=api, CorsConfiguration=made)


def ask_before(url, origin):
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,x-amz-date"}
    return call(f"{url}/predict", method="OPTIONS", headers={"origin": origin} | asked)


def tokens(emulator, template):
    """With an issuer and audiences, a token of theirs is let in, and nothing else. Here the functions write no metrics, either."""
    pool, other_pool = caller.Tokens(emulator), caller.Tokens(emulator)
    first, second, unknown = (pool.audience(name) for name in ("first", "second", "unknown"))
    given = {"Architecture": ARCHITECTURE, "JwtIssuer": pool.issuer, "JwtAudience": f"{first},{second}", "MetricsNamespace": ""}
    service = stack.deploy(emulator, "lifeboat-tokens", template, **given)
    expect(routes(emulator, service), {"$default": "JWT"}, "routes with JwtIssuer")
    token = pool.issue(first)
    head, claims, signature = token.split(".")
    forged = {**json.loads(base64.urlsafe_b64decode(claims + "==")), "client_id": second}
    refused = {
        "no token": {},
        "an AWS signature": {"key": ROOT_KEY},
        "a token for another audience": bearer(pool.issue(unknown)),
        "a token of another issuer": bearer(other_pool.issue(other_pool.audience("first"))),
        "a forged token": bearer(f"{head}.{base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip('=')}.{signature}"),
    }
    for what, credentials in refused.items():
        expect(call(f"{service.url}/predict", RECORD, **credentials).status, 401, f"the answer to {what}")
    print(f"ok: with JwtIssuer, {', '.join(refused)} are refused")
    smoke(emulator, service.url, "with a token", SMOKE_TOKEN=pool.issue(second))
    expect(metric_lines(emulator, service, "api"), [], "metrics without MetricsNamespace")
    print("ok: without MetricsNamespace, no metrics are written")
    half = {name: value for name, value in given.items() if name != "JwtAudience"}
    with contextlib.suppress(emulator.client("cloudformation").exceptions.ClientError):
        stack.deploy(emulator, "lifeboat-half", template, **half)
        sys.exit("JwtIssuer without JwtAudience was deployed")
    print("ok: JwtIssuer without JwtAudience is refused")


def bearer(token):
    return {"headers": {"authorization": f"Bearer {token}"}}


def rest_api(emulator, service):
    """The function answers a REST API, whose events are of another form and whose stage is part of the path, as it does its HTTP API."""
    url = stack.rest_stage(emulator, service, "prod")
    expect(call(f"{url}/ready").status, 403, "the REST API's answer to an unsigned call")
    expect(call(f"{url}/ready", key=ROOT_KEY).status, 200, "the REST API's answer to who asks whether it is ready")
    passenger = RECORD | {"Name": "Stage, Mrs. Prod", "Ticket": "REST"}
    created = call(f"{url}/predict", passenger, key=ROOT_KEY)
    expect(created.status, 201, f"the REST API's answer to a new passenger: {created.body}")
    same = call(f"{service.url}/predict", passenger, key=ROOT_KEY)
    expect((same.status, same.body), (200, created.body), "the HTTP API's answer to the same passenger")
    location = urllib.parse.urljoin(f"{url}/predict", created.headers["location"])
    expect(call(location, key=ROOT_KEY).body["id"], created.body["id"], f"the prediction at {location}")
    history = call(f"{url}/predictions?PassengerId={passenger['PassengerId']}&limit=1", key=ROOT_KEY)
    expect([one["id"] for one in history.body["predictions"]], [created.body["id"]], "the newest prediction of the passenger")
    expect(call(f"{url}/predict", {"Pclass": 4}, key=ROOT_KEY).status, 422, "the REST API's answer to a passenger that cannot be")
    expect(call(f"{url}/nothing?at=all", key=ROOT_KEY).status, 404, "the REST API's answer where nothing is")
    print("ok: a REST API with a stage in its path answers as the HTTP API does")


def release(built, work):
    """Makes the functions into what a release has of them, and returns their zips."""
    folder = pathlib.Path(work, "release")
    folder.mkdir()
    for function, resource in (("api", "Api"), ("batch", "Batch"), ("monitor", "Monitor")):
        with zipfile.ZipFile(folder / f"lifeboat-lambda-{function}-0.0.0-{ARCHITECTURE}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(built.parent / resource / "bootstrap", "bootstrap")
    return sorted(folder.iterdir())


def with_package(emulator, zips, package, work):
    """Puts a package into a release's functions, with no toolchain on the path, and returns the template for them."""
    made = pathlib.Path(work, package.name)
    command = ["python3", ROOT / "infra/function.py", package, *zips, "--output", made]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    expect(done.returncode, 0, f"the status of infra/function.py: {done.stderr}")
    return stack.without_lacking(stack.package(emulator, made / "template.yaml", work))[0]


def another_table(emulator, zips, work):
    """A package of another table, put into a release's functions, is served and watched: nothing is compiled for it."""
    # The processor is the functions' own.
    service = stack.deploy(emulator, "lifeboat-another", with_package(emulator, zips, PACKAGE, work))
    smoke(emulator, service.url, "of a package in the functions of a release", ROOT_KEY)
    manifest = json.loads((PACKAGE / "manifest.json").read_text())
    expect(call(f"{service.url}/model", key=ROOT_KEY).body, manifest, "the manifest of the package")
    stored = [item for item in items(emulator, service) if "answer" in item]
    expect({item["model_version"]["S"] for item in stored}, {manifest["version"]}, "versions of what was predicted")
    report = invoke(emulator, service.ids["Monitor"], "{}")
    expect(report["rows"], len(stored), "predictions of the package's report")
    print(f"ok: {manifest['name']} is served and watched by a release's functions, its package beside them")


def changing_history(emulator, zips, work):
    """Three days: trams are asked about, it is told how late they were, and the function that the schedule names makes the next snapshot
    with the rights of its role. The next answers come from it, by the function that runs already."""
    template = json.loads(with_package(emulator, zips, TRAMS, work))
    template["Resources"]["Api"]["Properties"]["Environment"]["Variables"]["SNAPSHOT_REFRESH_SECONDS"] = "0.2"
    given = {"SnapshotPolicy": "daily", "SnapshotTimeZone": ZONE.key}
    service = stack.deploy(emulator, "lifeboat-living", json.dumps(template), **given)
    hand_over_protection(emulator, service)
    timer = emulator.client("scheduler").get_schedule(Name=service.ids["SnapshotTimer"])
    expect((timer["ScheduleExpression"], timer["Target"]["Arn"]), ("cron(20 6 * * ? *)", function_arn(emulator, service)), "the schedule")
    today = (datetime.datetime.now(ZONE) - datetime.timedelta(hours=8)).date()
    serves, events = snapshot_of(service), 0
    for place, late_one_of in enumerate(LATE_ONES):
        day = today - datetime.timedelta(days=len(LATE_ONES) - 1 - place)
        yesterday = day - datetime.timedelta(days=1)
        records = [tram(yesterday, 100 * place + number) for number in range(12)]
        answers = call(f"{service.url}/predict", records, key=ROOT_KEY).body
        expect({answer["snapshot"] for answer in answers}, {serves}, f"the snapshots that answer on {yesterday}")
        told = [{"id": answer["id"], "late": int(number % late_one_of == 0)} for number, answer in enumerate(answers)]
        expect(call(f"{service.url}/outcomes", told, key=ROOT_KEY).status, 200, "the answer to the outcomes")
        date_back(emulator, service, {answer["id"] for answer in answers}, at(yesterday, 18))
        # The schedule asks for the newest; those of the days before are asked for by their moments.
        event = timer["Target"]["Input"] if day == today else json.dumps({"snapshot": {"as_of": at(day, 6).isoformat()}})
        made = invoke(emulator, timer["Target"]["Arn"], event)["snapshot"]
        events += len(records)
        known = [step["events"] for step in made["steps"] if step["name"] == "all_7d"]
        expect((made["added"], made["is_newest"], known), (len(records), True, [events]), f"the snapshot of {day}")
        expect(invoke(emulator, timer["Target"]["Arn"], event)["snapshot"]["hash"], made["hash"], "the snapshot that is asked for again")
        serves = taken_up(service, made["hash"], tram(day, 1000 + place))
    lines = [line for line in metric_lines(emulator, service, "monitor") if "SnapshotsMade" in line]
    expect([line["SnapshotOutcomes"] for line in lines], [12] * 6, "outcomes that the snapshots added, by the metrics")
    starts = [line for line in metric_lines(emulator, service, "api") if "ColdStart" in line]
    expect(len(starts), 1, "starts of the function, which took all snapshots up as it ran")
    print("ok: on each of three days the scheduled function makes the snapshot, and the function that runs answers by it")


def hand_over_protection(emulator, service):
    """Tells the table whether it may be deleted. MiniStack's CloudFormation keeps that as a text, which no client can read again; the
    function describes its table before it reads what became known in more than two months."""
    emulator.client("dynamodb").update_table(TableName=service.outputs["TableName"], DeletionProtectionEnabled=False)


def function_arn(emulator, service):
    return emulator.client("lambda").get_function(FunctionName=service.ids["Monitor"])["Configuration"]["FunctionArn"]


def tram(day, number):
    return {"number": number, "place": ["north", "south", "east"][number % 3], "starts_at": at(day, 17).isoformat()}


def at(day, hour):
    return datetime.datetime.combine(day, datetime.time(hour), ZONE)


def snapshot_of(service):
    return call(f"{service.url}/model", key=ROOT_KEY).body["snapshot"]["hash"]


def taken_up(service, snapshot, record):
    """Asks until a record is answered by a snapshot, which it returns."""
    deadline = time.monotonic() + 10
    while call(f"{service.url}/predict", record, key=ROOT_KEY).body["snapshot"] != snapshot:
        if time.monotonic() > deadline:
            sys.exit(f"{snapshot} was never taken up: {call(f'{service.url}/model', key=ROOT_KEY).body['snapshot']}")
        time.sleep(0.1)
    return snapshot


def date_back(emulator, service, ids, moment):
    """Lets predictions and what was told of them be of another moment: nobody can wait for a day to pass."""
    moment = moment.astimezone(datetime.timezone.utc)
    written, table = f"{moment:%Y-%m-%dT%H:%M:%S.000Z}", emulator.client("dynamodb")
    hashes = {prediction.rpartition(".")[2] for prediction in ids}
    for item in items(emulator, service):
        if item["prediction"]["S"] not in hashes:
            continue
        for name in ("created_at", "known_at"):
            item[name] = {"S": written}
        for name in ("day_part", "known_day_part"):
            item[name] = {"S": written[:10] + item[name]["S"][10:]}
        outcomes = [json.loads(outcome["S"]) | {"known_at": written} for outcome in item["outcomes"]["L"]]
        item["outcomes"] = {"L": [{"S": json.dumps(outcome)} for outcome in outcomes]}
        table.put_item(TableName=service.outputs["TableName"], Item=item)


def routes(emulator, service):
    found = emulator.client("apigatewayv2").get_routes(ApiId=service.ids["HttpApi"])["Items"]
    return {route["RouteKey"]: route["AuthorizationType"] for route in found}


def invoke(emulator, function, event):
    answer = emulator.client("lambda").invoke(FunctionName=function, Payload=event)
    payload = answer["Payload"].read()
    expect(answer.get("FunctionError"), None, f"the error of {function}: {payload}")
    return json.loads(payload)


def items(emulator, service):
    pages = emulator.client("dynamodb").get_paginator("scan").paginate(TableName=service.outputs["TableName"])
    return [item for page in pages for item in page["Items"]]


def metric_lines(emulator, service, function):
    lines = log(emulator, f"/aws/lambda/{service.name}-{function}").splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"_aws"')]


def log(emulator, group):
    pages = emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return "\n".join(event["message"] for page in pages for event in page["events"])


if __name__ == "__main__":
    main()
