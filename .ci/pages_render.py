"""Every page of the app renders on the bundled models and problems, without an exception or an error message."""

import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
pages = sorted(path for path in (ROOT / "workbench" / "pages").glob("*.py") if path.name != "__init__.py")
app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
for page in pages:
    app.switch_page(str(page.relative_to(ROOT))).run()
    faults = [*app.exception, *app.error]
    shown = len(app.get("plotly_chart")) + len(app.dataframe)
    print(f"{page.name}: {shown} charts and tables, {len(faults)} faults")
    if faults or not shown:
        sys.exit(f"{page.name} does not render: {[fault.value for fault in faults]}")
