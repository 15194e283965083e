"""What stands between HTTP and the services: transactions, errors, security headers, CSRF, forms."""
