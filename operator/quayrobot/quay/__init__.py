"""
The client for Quay: requests, interpretation of replies, rate limits, and a cache of robots.

Only this package imports httpx. It pins the origin, limits time and size, and believes no reply
unread. It decides nothing about robots and knows nothing of Kubernetes. Callers: engine.
"""
