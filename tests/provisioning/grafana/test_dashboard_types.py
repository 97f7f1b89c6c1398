"""The dashboards are what Grafana's own types say of dashboards."""

import json
import shutil
import subprocess
from pathlib import Path

from provisioning.grafana.__main__ import GENERATED

HERE = Path(__file__).parent
OPTIONS = {
    "strict": True,
    "noEmit": True,
    # The libraries' own declarations are not ours to judge.
    "skipLibCheck": True,
    "module": "commonjs",
    "moduleResolution": "node",
    "target": "es2022",
    "types": [],
}


def test_types_take_all_dashboards_and_refuse_what_is_wrong(
    grafana_libraries: Path, tmp_path: Path
):
    # Packages are looked for beside the files that import them.
    (tmp_path / "node_modules").symlink_to(grafana_libraries)
    for file in HERE.glob("*.ts"):
        shutil.copy(file, tmp_path)
    for file in GENERATED.glob("*.json"):
        text = "import type { Board } from './dashboard_types';\n"
        text = f"{text}export const board: Board = {file.read_text('utf-8')};\n"
        (tmp_path / f"{file.stem}.ts").write_text(text, "utf-8")
    configuration = {"compilerOptions": OPTIONS, "include": ["*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(configuration))
    compiler = grafana_libraries / "typescript/bin/tsc"
    done = subprocess.run(
        ["node", compiler, "--project", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
