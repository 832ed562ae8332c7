"""
The client for Quay: requests, what replies mean, limits, and what is remembered of robots.

Only this room imports httpx. It pins the origin, limits time and size, and believes no reply
unread. It decides nothing about robots and knows nothing of Kubernetes. Callers: engine.
"""
