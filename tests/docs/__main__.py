"""`make docs-parts`: brings what pages have from the code up to date."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.docs.pages import PAGES
from tests.docs.parts import FROM_A_DATABASE, GENERATED, rewritten
from tests.docs.pictures import FOLDER, PICTURES
from tests.end_to_end.flow_process import run_module
from tests.services.postgres import Postgres, fresh_database


def main() -> None:
    """Rewrites pages and pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw().svg(), encoding="utf-8")
    with Postgres() as server, fresh_database(server.uri) as database:
        run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
        stored: dict[str, Callable[[], str]] = {
            name: partial(generate, database)
            for name, generate in FROM_A_DATABASE.items()
        }
        parts = {**GENERATED, **stored}
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            page.write_text(rewritten(text, parts), encoding="utf-8")


if __name__ == "__main__":
    main()
