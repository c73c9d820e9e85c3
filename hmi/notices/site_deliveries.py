"""Deliveries of a site, as its state folder has them."""

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.tools.maintenance.work_order_database import WORKORDERS_FILE, WorkOrders
from handwheel.tools.notices.attempt_database import NOTICES_FILE, Attempts
from handwheel.tools.notices.deliveries import Delivery, deliveries

_NOWHERE = NoticeSpec(channels={}, to={})


def site_deliveries(site: Site) -> list[Delivery]:
    """Returns the deliveries of all notices of a site, oldest first.

    Raises:
        ToolFailed: Notices or attempts cannot be read.
    """
    if not (site.state / WORKORDERS_FILE).exists():
        return []
    with WorkOrders(site.state) as orders:
        notices = orders.notices()
    if not (site.state / NOTICES_FILE).exists():
        return list(deliveries(notices, [], site.notices or _NOWHERE))
    with Attempts(site.state) as attempts:
        return list(deliveries(notices, attempts.all(), site.notices or _NOWHERE))
