"""What the checks of ourselves can see, each as one sentence; `locale/` has its words, below `prober.seen`."""

from __future__ import annotations

from enum import StrEnum


class Remark(StrEnum):
    """The words that a sentence wants stand in its finding."""

    NOTHING = ""

    NO_NAME_TO_ASK = "no_name_to_ask"
    RESOLVERS_SILENT = "resolvers_silent"  # asked
    SOME_RESOLVERS_SILENT = "some_resolvers_silent"  # silent, asked

    STEPPED = "stepped"  # seconds
    SUSPENDED = "suspended"  # seconds
    STALLED = "stalled"  # seconds

    INNER_ADDRESS = "inner_address"
    UNANSWERED = "unanswered"
    NAME_WITHOUT_ADDRESS = "name_without_address"
    NAME_LEADS_ELSEWHERE = "name_leads_elsewhere"
    ADDRESS_WITHOUT_NAME = "address_without_name"
    ADDRESS_OF_ANOTHER_NAME = "address_of_another_name"
    NO_SPF = "no_spf"
    SEVERAL_SPF = "several_spf"
    SPF_FORBIDS = "spf_forbids"

    LISTED = "listed"  # values
    LIST_REFUSES = "list_refuses"
    LIST_NAMES_ALL = "list_names_all"
    LIST_INVENTS = "list_invents"
    LIST_SILENT = "list_silent"
    LIST_FAILS = "list_fails"  # outcome
    LIST_UNTESTED = "list_untested"

    FEW_HOSTS = "few_hosts"
    NO_HOST_REACHED = "no_host_reached"  # hosts, carriers
    BLOCKED = "blocked"
    MISCONFIGURED = "misconfigured"

    CONTROL_REFUSED = "control_refused"  # these end like the values of `Control`
    CONTROL_RATE_LIMITED = "control_rate_limited"
    CONTROL_NOT_ALLOWED = "control_not_allowed"
    CONTROL_UNAVAILABLE = "control_unavailable"
    CONTROL_CLOSED = "control_closed"
    CONTROL_UNREACHABLE = "control_unreachable"
    CONTROL_UNCLEAR = "control_unclear"
    CONTROL_ABSENT = "control_absent"
    CONTROL_UNASKED = "control_unasked"

    FAILED_ONCE = "failed_once"
    FAILED_TWICE = "failed_twice"
    NOTHING_TO_COMPARE = "nothing_to_compare"

    FEW_CARRIERS = "few_carriers"
    MANY_AT_ONCE = "many_at_once"  # accounts, carriers
