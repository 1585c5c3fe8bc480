"""One file a resource; ``api_router`` joins them."""
