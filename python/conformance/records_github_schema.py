"""Does GitHub's own schema have the fields that the importer reads?

In: the OpenAPI document of the REST interface. Out: a sentence for every field that
the importer needs and the schema does not promise, and for every field it reads
that the schema does not know.
"""

from __future__ import annotations

NEEDED = {
    "issue": ["number", "title"],
    "pull-request": ["number", "title", "head", "base"],
    "pull-request-simple": ["number", "title", "head", "base"],
    "issue-comment": ["id", "issue_url"],
    "pull-request-review": ["id", "state", "pull_request_url"],
    "pull-request-review-comment": ["id", "pull_request_url", "diff_hunk"],
    "issue-event": ["id", "event", "created_at"],
    "workflow-run": ["id", "head_sha", "run_number"],
    "job": ["id", "run_id", "name", "head_sha"],
    "check-run": ["id", "head_sha", "name", "check_suite"],
    "check-suite": ["id", "head_sha", "check_runs_url", "latest_check_runs_count"],
    "check-annotation": ["path", "annotation_level"],
    "status": ["id", "state", "context", "url"],
}

READ = {
    "issue": "body user state labels created_at updated_at closed_at html_url pull_request repository_url",
    "pull-request": "body user state merged merged_at merge_commit_sha created_at updated_at closed_at html_url",
    "issue-comment": "body user created_at updated_at html_url",
    "pull-request-review": "body user submitted_at commit_id",
    "pull-request-review-comment": "body user path line original_line commit_id original_commit_id in_reply_to_id"
    " created_at updated_at",
    "issue-event": "actor commit_id label milestone assignee rename requested_reviewer requested_team"
    " dismissed_review issue",
    "workflow-run": "path name event head_branch run_attempt status conclusion created_at run_started_at updated_at"
    " pull_requests html_url",
    "job": "run_attempt steps conclusion started_at completed_at run_url",
    "check-run": "app conclusion started_at completed_at",
    "check-suite": "app head_branch status conclusion created_at updated_at pull_requests",
    "check-annotation": "start_line end_line title message blob_href",
    "status": "created_at updated_at",
}


def missing_fields(document: dict[str, object]) -> list[str]:
    """Returns what the importer needs or reads and the schema lacks."""
    schemas = document["components"]["schemas"]
    wrong = []
    for name, fields in NEEDED.items():
        promised = schemas[name].get("required", [])
        wrong += [f"`{name}` does not promise `{field}`" for field in fields if field not in promised]
    for name, fields in READ.items():
        known = schemas[name]["properties"]
        wrong += [f"`{name}` knows no `{field}`" for field in fields.split() if field not in known]
    return wrong
