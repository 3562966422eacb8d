"""What lint knows of CloudFormation templates."""
