"""What all dashboards have in common: links, refresh, numbered panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    Row,
    TimePicker,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    DynamicConfigValue,
    Panel,
)

from provisioning.grafana.panels import linked
from provisioning.grafana.queries import DATABASE, SqlAnnotation
from provisioning.grafana.variables import Variable

TAG = "orbitwatch"
REFRESH_CHOICES = ["5s", "10s", "30s", "1m", "5m", "15m"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard; `rows` are titles with the panels below them.

    Its uid is the name of its module, under which links find it.
    """

    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[tuple[str, Sequence[Builder[Panel]]]]
    annotations: Sequence[AnnotationQuery] = ()
    since: str = "now-6h"
    refresh: str = "30s"

    def build(self, uid: str) -> dashboard.Dashboard:
        """The dashboard as the SDK knows it."""
        made = Dashboard(self.title).uid(uid).description(self.description)
        made.tags([TAG]).timezone("utc").time(self.since, "now")
        made.refresh(self.refresh).editable().tooltip(DashboardCursorSync.CROSSHAIR)
        made.timepicker(TimePicker().refresh_intervals(REFRESH_CHOICES))
        made.link(_to_the_others())
        for variable in self.variables:
            made.with_variable(variable)
        for title, panels in self.rows:
            made.with_row(Row(title))
            for panel in panels:
                made.with_panel(panel)
        built = made.build()
        for number, panel_or_row in enumerate(built.panels or (), 1):
            panel_or_row.id_val = number
        built.annotations.list_val = list(self.annotations)
        return built


def marks(name: str, colour: str, query: SqlAnnotation) -> AnnotationQuery:
    """Marks on all panels over time of a dashboard."""
    return AnnotationQuery(
        name=name, datasource=DATABASE, icon_color=colour, target=query
    )


def link_to(uid: str, **variables: str) -> str:
    """The address of another dashboard, at the same time and with the same database.

    Further variables are given as columns of the row: spacecraft="spacecraft".
    """
    # Names may hold what means something in addresses, such as &.
    chosen = "".join(
        f"&var-{name}=${{__data.fields.{column}:percentencode}}"
        for name, column in variables.items()
    )
    return f"/d/{uid}?${{__url_time_range}}&${{database:queryparam}}{chosen}"


def linked_to_parameter() -> DynamicConfigValue:
    """Override: a parameter's name leads to its details, next to a `spacecraft`."""
    address = link_to(
        "parameter_detail", spacecraft="spacecraft", parameter="parameter"
    )
    return linked("Parameter detail", address)


def _to_the_others() -> DashboardLink:
    """Links to all our dashboards, which take the time and the variables along."""
    link = DashboardLink("Orbitwatch").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.keep_time(True).include_vars(True).as_dropdown(False)
