"""Charts: pure functions from plain data to Plotly figures. The browser, notebooks and reports draw the same ones."""
