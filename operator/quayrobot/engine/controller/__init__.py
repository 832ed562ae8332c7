"""
Workers: which pass a key gets, for which tenant, and what if a watch lies.

Here live the workers and the relist. It never looks into what a pass does. Callers: app.
"""
