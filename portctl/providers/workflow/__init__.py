"""What several services must agree on: rules over the manifests of all of them."""
