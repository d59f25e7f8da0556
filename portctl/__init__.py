"""Plan and apply for delivery workflows that span Port, GitLab and ServiceNow."""
