"""The settings of a product."""

def _strings(value):
    """Returns whether a value is a list of strings."""
    return type(value) == "list" and all([type(item) == "string" for item in value])

def settings(
        tag_branch = "main",
        tag_maximum_age_days = 7,
        tag_required_checks = None,
        publish_uploads = 4,
        publish_registry_file_limit_mib = 100,
        publish_snapshot_branch = "latest-snapshot",
        promote_minimum_age_days = 4,
        promote_blocker_label = "release-blocker",
        promote_installed_is_enough = False,
        purge_after_days = 184,
        purge_drafts_after_days = 14,
        purge_keep_last = 30,
        purge_pinned = [],
        doctor_draft_after_hours = 12,
        doctor_missing_after_days = 7,
        doctor_nightly_after_days = 3):
    """Returns the settings of a product; docs/reference/settings.md explains each.

    Example:

    ```starlark
    settings(purge_keep_last = 60)
    ```

    Args:
      tag_branch: the branch whose commits become candidates.
      tag_maximum_age_days: an older commit does not become a candidate.
      tag_required_checks: check runs and commit statuses that must have succeeded; None for those
        that the branch's protection and rulesets require.
      publish_uploads: uploads at a time.
      publish_registry_file_limit_mib: the largest file that the registry accepts, in MiB.
      publish_snapshot_branch: the branch that follows the last nightly.
      promote_minimum_age_days: a candidate that was published less than this many days ago is not
        promoted.
      promote_blocker_label: no open issue may have this label.
      promote_installed_is_enough: whether files may be promoted that no smoke program tested.
      purge_after_days: days for which a pre-release is kept.
      purge_drafts_after_days: days for which a draft that was never published is kept.
      purge_keep_last: this many of the newest pre-releases are kept, whatever their age.
      purge_pinned: tags that are never purged.
      doctor_draft_after_hours: a draft is reported when it is older.
      doctor_missing_after_days: a tolerated platform is reported when it is missing for this long.
      doctor_nightly_after_days: this many days without a nightly are reported.

    Returns:
      A dict of dicts: the settings by section.
    """
    sections = {
        "tag": {
            "branch": tag_branch,
            "maximum_age_days": tag_maximum_age_days,
            "required_checks": tag_required_checks,
        },
        "publish": {
            "uploads": publish_uploads,
            "registry_file_limit_mib": publish_registry_file_limit_mib,
            "snapshot_branch": publish_snapshot_branch,
        },
        "promote": {
            "minimum_age_days": promote_minimum_age_days,
            "blocker_label": promote_blocker_label,
            "installed_is_enough": promote_installed_is_enough,
        },
        "purge": {
            "after_days": purge_after_days,
            "drafts_after_days": purge_drafts_after_days,
            "keep_last": purge_keep_last,
            "pinned": purge_pinned,
        },
        "doctor": {
            "draft_after_hours": doctor_draft_after_hours,
            "missing_after_days": doctor_missing_after_days,
            "nightly_after_days": doctor_nightly_after_days,
        },
    }
    kinds = {
        "branch": "string",
        "snapshot_branch": "string",
        "blocker_label": "string",
        "installed_is_enough": "bool",
    }
    for section, values in sections.items():
        for key, value in values.items():
            if key == "required_checks":
                valid, kind = value == None or _strings(value), "list of strings, or None"
            elif key == "pinned":
                valid, kind = _strings(value), "list of strings"
            else:
                kind = kinds.get(key, "int")
                valid = type(value) == kind and (kind not in ["int", "string"] or value)
            if not valid or (kind == "int" and value < 1):
                fail("settings: %s_%s must be a %s, not %r" % (
                    section,
                    key,
                    "positive int" if kind == "int" else "non-empty string" if kind == "string" else kind,
                    value,
                ))
    return sections
