"""A timeline per alert: it fires, what is only like it does not, and it resolves."""

from __future__ import annotations

from tests.e2e.alerting.timelines.carriers import OF_CARRIERS
from tests.e2e.alerting.timelines.mailboxes import OF_MAILBOXES
from tests.e2e.alerting.timelines.prober import OF_THE_PROBER

TIMELINES = OF_THE_PROBER + OF_CARRIERS + OF_MAILBOXES
