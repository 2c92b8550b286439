"""The series of `/metrics`, as dashboards and alerts made for ESO and controller-runtime ask for them."""

from prometheus_client.parser import text_string_to_metric_families

OBJECT = {"name", "namespace"}
CONDITION = OBJECT | {"condition", "status"}
QUEUE = {"name", "controller"}
ESO = {
    "externalsecret_sync_calls": ("counter", OBJECT),
    "externalsecret_sync_calls_error": ("unknown", OBJECT),  # a counter whose name does not end as one's should
    "externalsecret_status_condition": ("gauge", CONDITION),
    "externalsecret_reconcile_duration": ("gauge", OBJECT),
    "externalsecret_provider_api_calls_count": ("unknown", {"provider", "call", "status"}),  # the same
    "secretstore_status_condition": ("gauge", CONDITION),
    "secretstore_reconcile_duration": ("gauge", OBJECT),
    "clustersecretstore_status_condition": ("gauge", CONDITION),
    "clustersecretstore_reconcile_duration": ("gauge", OBJECT),
}
CONTROLLER_RUNTIME = {
    "controller_runtime_reconcile": ("counter", {"controller", "result"}),
    "controller_runtime_reconcile_errors": ("counter", {"controller"}),
    "controller_runtime_reconcile_panics": ("counter", {"controller"}),
    "controller_runtime_reconcile_time_seconds": ("histogram", {"controller"}),
    "controller_runtime_active_workers": ("gauge", {"controller"}),
    "controller_runtime_max_concurrent_reconciles": ("gauge", {"controller"}),
    "workqueue_adds": ("counter", QUEUE),
    "workqueue_retries": ("counter", QUEUE),
    "workqueue_depth": ("gauge", QUEUE | {"priority"}),
    "workqueue_queue_duration_seconds": ("histogram", QUEUE),
    "workqueue_work_duration_seconds": ("histogram", QUEUE),
    "workqueue_unfinished_work_seconds": ("gauge", QUEUE),
    "workqueue_longest_running_processor_seconds": ("gauge", QUEUE),
    "leader_election_master_status": ("gauge", {"name"}),
    "rest_client_requests": ("counter", {"code", "method", "host"}),
}
OURS = {
    "workqueue_overdue_seconds": ("gauge", QUEUE),
    "externalsecret_other_controller_writes": ("counter", set()),
}
PROCESS = {
    "process_cpu_seconds": ("counter", set()),
    "process_resident_memory_bytes": ("gauge", set()),
    "process_virtual_memory_bytes": ("gauge", set()),
    "process_start_time_seconds": ("gauge", set()),
    "process_open_fds": ("gauge", set()),
    "process_max_fds": ("gauge", set()),
}
ALL = ESO | CONTROLLER_RUNTIME | OURS | PROCESS


def families(text):
    """Name → type and label names, of what a scrape shows; a family without samples has no labels."""
    return {
        family.name: (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for family in text_string_to_metric_families(text)
    }


def samples(text, name):
    """The labels and value of every sample of a name."""
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    ]
