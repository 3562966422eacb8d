"""What lint knows of pipelines, in templates and as declarations."""
