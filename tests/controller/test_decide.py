"""What becomes of the target Secret: ESO's rules, case by case."""

import pytest

from controller.external_secret.decide import decide, decide_end, unchanged
from controller.external_secret.decision import Create, Delete, Keep, Retry, Update
from secretcore.errors import (
    AccessDenied,
    Failure,
    FetchFailed,
    InvalidSpec,
    SecretNotFound,
    Throttled,
    TransformFailed,
)
from secretcore.plan import Extract, FetchStep, Find, FindAll, Get, Missing, RemoteRef, StoreRef
from secretcore.target.hashing import field_manager
from secretcore.target.secret import Secret
from tests.controller.building import CREATED_BY, MANAGED, MINE, fetched, fields_of, owned, owner, secret, subject

DATA = fetched(password="new")
NOTHING = fetched()
OWNED, STALE = owned({"password": b"new"}), owned({"password": b"old"})
FOREIGN = secret({"password": b"theirs"})
OTHERS = secret({"password": b"x"}, owners=[owner("other", "another-uid")])
DEPLOYED = secret({"password": b"x"}, owners=[owner("app", kind="Deployment", version="apps/v1", uid="a")])
MISSING = [Missing(FetchStep("spec.data[0]", StoreRef("store"), Get("a", RemoteRef("k"))), SecretNotFound("no"))]
DYING = owned({"password": b"old"}, metadata={"deletionTimestamp": "2026-08-08T12:00:00Z"})


def of(creation="Owner", deletion="Retain", **target):
    return subject(target={"creationPolicy": creation, "deletionPolicy": deletion, **target})


@pytest.mark.parametrize(
    ("creation", "target", "change", "reason", "binds", "events"),
    [
        ("Owner", None, Create, "SecretSynced", True, ["Created"]),
        ("Owner", STALE, Update, "SecretSynced", True, ["Updated"]),
        ("Owner", OWNED, Keep, "SecretSynced", True, []),
        ("Owner", FOREIGN, Update, "SecretSynced", True, ["Updated"]),  # adopted
        ("Owner", OTHERS, Keep, "SecretSyncedError", False, ["UpdateFailed"]),
        ("Owner", DEPLOYED, Keep, "SecretSyncedError", False, ["UpdateFailed"]),
        ("Orphan", None, Create, "SecretSynced", True, ["Created"]),
        ("Orphan", STALE, Update, "SecretSynced", True, ["Updated"]),
        ("Orphan", OTHERS, Keep, "SecretSyncedError", False, ["UpdateFailed"]),
        ("Orphan", DEPLOYED, Update, "SecretSynced", True, ["Updated"]),
        ("Merge", None, Keep, "SecretMissing", False, []),
        ("Merge", FOREIGN, Update, "SecretSynced", True, ["Updated"]),
        ("Merge", OTHERS, Keep, "SecretSyncedError", False, ["UpdateFailed"]),
        ("Merge", DEPLOYED, Update, "SecretSynced", True, ["Updated"]),
        ("CreateOrMerge", None, Create, "SecretSynced", True, ["Created"]),
        ("CreateOrMerge", FOREIGN, Update, "SecretSynced", True, ["Updated"]),
        ("None", None, Keep, "SecretSynced", False, []),
        ("None", FOREIGN, Keep, "SecretSynced", False, []),
        ("None", OTHERS, Keep, "SecretSynced", False, []),
    ],
)
def test_what_was_read_becomes_a_secret(creation, target, change, reason, binds, events):
    decision = decide(of(creation), DATA, target, ())
    assert type(decision.change) is change
    assert decision.ready.reason == reason
    assert decision.binds is binds
    assert [event.reason for event in decision.events] == events


@pytest.mark.parametrize(
    ("creation", "deletion", "target", "change", "status", "reason", "message"),
    [
        ("Owner", "Retain", None, Keep, "True", "SecretSynced", "secret retained due to DeletionPolicy=Retain"),
        ("Owner", "Retain", STALE, Keep, "True", "SecretSynced", "secret retained due to DeletionPolicy=Retain"),
        ("Merge", "Retain", FOREIGN, Keep, "True", "SecretSynced", "secret retained due to DeletionPolicy=Retain"),
        ("None", "Retain", None, Keep, "True", "SecretSynced", "secret retained due to DeletionPolicy=Retain"),
        ("Owner", "Delete", None, Keep, "True", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete"),
        ("Owner", "Delete", STALE, Delete, "True", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete"),
        ("Owner", "Delete", FOREIGN, Keep, "False", "SecretSyncedError", "could not delete secret: "),
        ("Owner", "Delete", OTHERS, Keep, "False", "SecretSyncedError", "could not delete secret: "),
        ("Orphan", "Delete", STALE, Keep, "False", "SecretSyncedError", "could not delete secret: "),
        ("Owner", "Merge", None, Create, "True", "SecretSynced", "secret synced"),
        ("Owner", "Merge", STALE, Update, "True", "SecretSynced", "secret synced"),
        ("Orphan", "Merge", None, Create, "True", "SecretSynced", "secret synced"),
        ("Merge", "Merge", FOREIGN, Update, "True", "SecretSynced", "secret synced"),
        (
            "Merge",
            "Merge",
            None,
            Keep,
            "True",
            "SecretMissing",
            "secret will not be created due to CreationPolicy=Merge",
        ),
    ],
)
def test_nothing_was_read(creation, deletion, target, change, status, reason, message):
    decision = decide(of(creation, deletion), NOTHING, target, ())
    assert type(decision.change) is change
    assert (decision.ready.status, decision.ready.reason) == (status, reason)
    assert decision.ready.message.startswith(message)


def test_nothing_read_and_deletion_policy_merge_empties_what_was_ours():
    assert decide(of("Owner", "Merge"), NOTHING, STALE, ()).change.secret.data == {}
    mixed = secret({"password": b"x", "foreign": b"f"})
    assert decide(of("Merge", "Merge"), NOTHING, mixed, ()).change.secret.data == {"password": b"x", "foreign": b"f"}


@pytest.mark.parametrize(
    ("outcome", "target", "creation", "message", "retry"),
    [
        (AccessDenied("no"), OWNED, "Owner", "could not get secret data from provider: no", Retry.BACK_OFF),
        (TransformFailed("no"), OWNED, "Owner", "could not update secret: no", Retry.BACK_OFF),
        (InvalidSpec("spec.target.template.templateFrom", "no"), OWNED, "Owner",
         "could not update secret: spec.target.template.templateFrom: no", Retry.BACK_OFF),
        (InvalidSpec("spec.data[0]", "no"), OWNED, "Owner", "could not get secret data from provider: spec.data[0]: no",
         Retry.BACK_OFF),
        (DATA, OTHERS, "Merge", "target is owned by another ExternalSecret: ", Retry.CHANGE),
        (DATA, DEPLOYED, "Owner", "failed to take ownership of target secret: ", Retry.CHANGE),
        (DATA, owned({"password": b"old"}, immutable=True), "Owner", "could not update secret, target is immutable: ",
         Retry.CHANGE),
    ],
)  # fmt: skip
def test_failures_say_what_eso_says_and_more(outcome, target, creation, message, retry):
    decision = decide(of(creation), outcome, target, ())
    assert decision.ready.status == "False"
    assert decision.ready.reason == "SecretSyncedError"
    assert decision.ready.message.startswith(message)
    assert decision.retry is retry
    (event,) = decision.events
    assert (event.type, event.reason) == ("Warning", "UpdateFailed")
    assert event.message in decision.ready.message
    assert not decision.synced


@pytest.mark.parametrize("target", [None, OWNED, STALE, FOREIGN, OTHERS])
def test_a_failed_read_never_touches_a_secret(target):
    stray = owned({"a": b"b"}, name="old-name")
    decision = decide(of(), AccessDenied("no"), target, [stray])
    assert isinstance(decision.change, Keep)
    assert not decision.strays


def test_every_step_that_failed_is_named_with_what_to_do():
    errors = FetchFailed(
        [
            Failure("spec.data[0]", AccessDenied('may not read "db"')),
            Failure("spec.dataFrom[1].find", InvalidSpec("name", "is required")),
        ]
    )
    message = decide(of(), errors, None, ()).ready.message
    assert message == (
        'could not get secret data from provider: spec.data[0]: may not read "db"; '
        "spec.dataFrom[1].find.name: is required"
        " | check the store's credentials, and that the backend lets them read this | correct the manifest"
    )


def test_a_message_fits_into_an_event():
    decision = decide(of(), AccessDenied("é" * 5000), None, ())
    assert len(decision.events[0].message.encode()) <= 1024
    assert decision.events[0].message.endswith("…")
    assert len(decision.ready.message.encode()) <= 1024


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Throttled("slow down", retry_after=7), 7),
        (Throttled("slow down"), None),
        (AccessDenied("no"), None),
        (
            FetchFailed(
                [Failure("a", Throttled("x", retry_after=3)), Failure("b", Throttled("y", retry_after=9)),
                 Failure("c", AccessDenied("z"))]
            ),
            9,
        ),
    ],
)  # fmt: skip
def test_a_store_that_asks_for_a_pause_gets_it(error, seconds):
    assert decide(of(), error, None, ()).retry_after == seconds


STORE = StoreRef("store")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (FetchStep("spec.data[1]", STORE, Get("k", RemoteRef("db"))),
         "secret does not exist at provider using spec.data[1] (key=db)"),
        (FetchStep("spec.dataFrom[0].extract", STORE, Extract(RemoteRef("db"))),
         "secret does not exist at provider using spec.dataFrom[0] (key=db)"),
        (FetchStep("spec.dataFrom[2].find", STORE, FindAll(Find("path"))),
         "secret does not exist at provider using spec.dataFrom[2]"),
    ],
)  # fmt: skip
def test_what_is_skipped_is_told(step, message):
    missing = Missing(step, SecretNotFound("gone"))
    decision = decide(of(deletion="Merge"), fetched([missing], a="b"), OWNED, ())
    assert [(event.type, event.reason, event.message) for event in decision.events[:1]] == [
        ("Normal", "MissingProviderSecret", message)
    ]
    assert decision.synced


@pytest.mark.parametrize("creation", ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"])
@pytest.mark.parametrize("deletion", ["Retain", "Delete", "Merge"])
@pytest.mark.parametrize("outcome", [DATA, NOTHING])
def test_a_secret_that_is_being_deleted_is_left_to_go(creation, deletion, outcome):
    decision = decide(of(creation, deletion), outcome, DYING, ())
    assert isinstance(decision.change, Keep)
    assert decision.ready is None


@pytest.mark.parametrize("creation", ["Owner", "Orphan", "Merge", "CreateOrMerge"])
@pytest.mark.parametrize("fields", [{}, {"immutable": True}])
@pytest.mark.parametrize("siblings", [(), (owned({"a": b"b"}, name="old-name"),)])
def test_a_secret_known_to_be_as_it_is_wanted_need_not_be_read_to_decide(creation, fields, siblings):
    wanted, missing = of(creation, "Merge", **fields), fetched(password="new", missing=MISSING)
    made = decide(wanted, missing, None if creation != "Merge" else FOREIGN, ()).change.secret
    # What it wrote is ours by managedFields.
    written = fields_of(field_manager("db"), data=made.data, labels=made.labels, annotations=made.annotations)
    there = Secret({**made.manifest, "metadata": {**made.metadata, "managedFields": [written]}})
    decision = decide(wanted, missing, there, siblings)
    assert decision == unchanged(wanted, missing, siblings)
    assert isinstance(decision.change, Keep)
    assert len(decision.strays) == (len(siblings) if creation == "Owner" else 0)
    assert [event.reason for event in decision.events] == ["MissingProviderSecret"]


def test_an_immutable_secret_gets_its_metadata_only():
    there = owned({"password": b"old"}, immutable=True)
    decision = decide(subject(labels={"a": "b"}), DATA, there, ())
    assert isinstance(decision.change, Update)
    assert decision.change.secret.data == {"password": b"old"}
    assert decision.change.secret.labels["a"] == "b"
    assert decision.change.secret.is_intact
    assert isinstance(decide(of(), DATA, there, ()).change, Keep)


def test_an_immutable_target_stays_as_it_was_written_and_is_ready():
    first = decide(of(immutable=True), DATA, None, ())
    there = secret(
        {"password": b"new"},
        labels=dict(first.change.secret.labels),
        annotations=dict(first.change.secret.annotations),
        owners=[owner()],
        immutable=True,
    )
    later = decide(of(immutable=True), fetched(password="newer"), there, ())
    assert isinstance(later.change, Keep)
    assert later.synced


MARK = {MANAGED: "true", CREATED_BY: MINE}


@pytest.mark.parametrize(
    ("creation", "sibling", "goes"),
    [
        ("Owner", owned({"a": b"b"}, name="old-name"), True),
        ("Owner", OWNED, False),
        ("Owner", secret(name="copy", labels=MARK), False),  # whoever copies a Secret copies its labels
        ("Owner", secret(name="copy", labels=MARK, owners=[owner("other", "another-uid")]), False),
        ("Owner", secret(name="x", labels={CREATED_BY: "another"}, owners=[owner()]), False),
        ("Owner", owned({}, name="gone", metadata={"deletionTimestamp": "2026-08-08T12:00:00Z"}), False),
        ("Orphan", owned({"a": b"b"}, name="old-name"), False),
        ("Merge", owned({"a": b"b"}, name="old-name"), False),
    ],
)
def test_secrets_of_earlier_target_names_go(creation, sibling, goes):
    decision = decide(of(creation), DATA, None if creation == "Owner" else FOREIGN, [sibling])
    assert [stray.secret.name for stray in decision.strays] == ([sibling.name] if goes else [])


@pytest.mark.parametrize(
    ("creation", "deletion", "target", "goes"),
    [
        ("Owner", "Delete", OWNED, True),
        ("Owner", "Delete", None, False),
        ("Owner", "Delete", FOREIGN, False),
        ("Owner", "Delete", OTHERS, False),
        ("Owner", "Delete", secret(owners=[owner(uid="of-an-earlier-life")]), False),
        ("Owner", "Retain", OWNED, False),  # the garbage collector's business
        ("Owner", "Merge", OWNED, False),
        ("Orphan", "Delete", secret(), False),
        ("Orphan", "Retain", secret(), False),
    ],
)
def test_the_end_of_an_external_secret(creation, deletion, target, goes):
    assert isinstance(decide_end(of(creation, deletion), target), Delete if goes else Keep)


def test_every_change_says_why():
    for change in (
        decide(of(), DATA, None, ()).change,
        decide(of(), DATA, STALE, ()).change,
        decide(of(), DATA, OWNED, ()).change,
        decide(of(deletion="Delete"), NOTHING, OWNED, ()).change,
    ):
        assert change.why
