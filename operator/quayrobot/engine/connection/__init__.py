"""
Connections to Quay: their pool, their status, their token, and drift found through them.

Here live the passes over connections and over the owners behind them, and what every pass
shares (the context). It never decides about one robot. Callers: robot, cluster_robot, controller.
"""
