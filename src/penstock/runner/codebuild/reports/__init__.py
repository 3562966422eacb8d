"""Test and code coverage reports: result files in ten formats to values in the shape of AWS's API.

`reader.read_report` reads the files of a report group, `discovery.discover` looks for files that no
group names, `summary.summary` prints a report. Nothing is imported here: auto-discovery runs after
every build, and most builds leave no report.
"""
