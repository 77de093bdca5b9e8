"""Parts that know nothing of Chatelaine."""
