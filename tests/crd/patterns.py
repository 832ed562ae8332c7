"""What does each pattern refuse, what does it take, and how long may a value be?"""

from __future__ import annotations

from . import cases_credentials as credentials
from . import cases_federation as federation
from . import cases_labels as labels
from . import cases_namespaces as namespaces
from . import cases_oidc as oidc
from . import cases_proxy as proxies

_OBJECT = (["", "A", "a_b", "-a", "a-", "a/b", "a\n", "é"], ["a", "a.b-c", "0"])
_OWNER = (["", ".a", "a.", "a+b", "a/b", "a b", "a\n", "é"], ["A1", "a.b_c-d", "a"])
_CREATOR = (
    ["", ".a", "a.", "a+", "+a", "a+A", "a+b+c", "a+b--c", "a/b", "a b", "a+b\n", "é"],
    ["A1", "a.b_c-d", "acme+ci", "acme+a.b_c-d"],
)
_DATA_KEY = (["", "a b", "a/b", "a\n"], [".dockerconfigjson", "A-b_c.d"])
_DURATION = (["", "90d", "5", "1.5h", "-5s", "5m\n"], ["90s", "1h30m"])
_INTERVAL = (_DURATION[0], ["90m", "1h30m"])
_GLOB = (["", "a b", "a\\b", "a\n", "{namespace}"], ["*", "acme-*", "a[!b]?"])
_NAME_GLOB = (["", "a b", "a\\b", "a\n"], ["*", "{namespace}-*", "a[!b]?"])
_HOST = (
    ["", "https://x", "x/y", "x:", "x:123456", "-x", "x\n", "u@x"],
    ["x", "quay.example:8443", "[::1]:443", "127.0.0.1"],
)
_URL = (
    ["", "quay.example", "ftp://x", "https://", "https://x/y", "https://u:p@x", "https://x?y",
     "https://x#y", "https://x:123456", "https://x\n", "HTTPS://x"],
    ["https://x", "https://quay.example:8443/", "https://[::1]"],
)  # fmt: skip
_REPOSITORY = (
    ["", "A", "-a", ".a", "/a", "a/", "a//b", "a/-b", "a b", "a:b", "a\n", "é"],
    ["a", "a/b", "0.b-c_d/e-"],
)
_TEAM = (["A1", "-ab", "ab-", "a--b", "a+b", "a b", "ab\n", "éé"], ["ab", "a-b.c_d", "12"])
_SCHEDULE = (
    [
        "",
        "@daily",
        "0 3 * *",
        "0 3 * * * *",
        "0  3 * * *",
        " 0 3 * * *",
        "0 3 * * *\n",
        "0 3 * * $",
    ],
    ["0 3 * * *", "*/5 0-6 1,15 JAN-MAR MON#1", "0 3 L * ?"],
)
_ZONE = (["", "+1", "/etc/localtime", "../UTC", "Europe Berlin", "UTC\n"], ["UTC", "Etc/GMT+1"])
_NAMESPACE = (["", "a.b", "A", "-a", "a-", "a\n"], ["a", "a-b"])
PATTERNS = {
    ".spec.connectionRef.name": _OBJECT,
    ".spec.organization": _OWNER,
    ".spec.user": _OWNER,
    ".spec.permissions.repositories[].name": _REPOSITORY,
    ".spec.permissions.teams[]": _TEAM,
    ".spec.permissions.defaults[].creator": _CREATOR,
    f"{federation.PLACE}.issuer": federation.ISSUER,
    f"{federation.PLACE}.subject": federation.SUBJECT,
    f"{federation.PLACE}.serviceAccount": _OBJECT,
    f"{credentials.PLACE}.serviceAccount": _OBJECT,
    f"{credentials.PLACE}.audiences[]": credentials.AUDIENCE,
    ".spec.rotation.interval": _INTERVAL,
    ".spec.rotation.window.schedule": _SCHEDULE,
    ".spec.rotation.window.duration": _DURATION,
    ".spec.rotation.overlap": _DURATION,
    ".spec.rotation.window.timeZone": _ZONE,
    ".spec.secrets[].name": _OBJECT,
    ".spec.secrets[].serviceAccounts[].name": _OBJECT,
    ".spec.secrets[].keys.username": _DATA_KEY,
    ".spec.secrets[].keys.password": _DATA_KEY,
    ".spec.secrets[].keys.registry": _DATA_KEY,
    ".spec.url": _URL,
    ".spec.registryHost": _HOST,
    ".spec.registryHosts[]": _HOST,
    ".spec.limits.timeout": _DURATION,
    ".spec.resyncInterval": _DURATION,
    ".spec.driftInterval": _DURATION,
    ".spec.caBundleRef.name": _OBJECT,
    ".spec.caBundleRef.key": _DATA_KEY,
    ".spec.caBundleRef.namespace": _NAMESPACE,
    f"{proxies.PLACE}.url": _URL,
    f"{proxies.PLACE}.caBundleRef.name": _OBJECT,
    f"{proxies.PLACE}.caBundleRef.key": _DATA_KEY,
    f"{proxies.PLACE}.caBundleRef.namespace": _NAMESPACE,
    f"{proxies.PLACE}.credentialsRef.name": _OBJECT,
    f"{proxies.PLACE}.credentialsRef.namespace": _NAMESPACE,
    **oidc.PATTERNS,
    ".spec.credentials.clientSecretRef.name": _OBJECT,
    ".spec.credentials.clientSecretRef.key": _DATA_KEY,
    ".spec.credentials.clientSecretRef.namespace": _NAMESPACE,
    ".spec.credentials.serviceAccount.name": _OBJECT,
    ".spec.credentials.serviceAccount.namespace": _NAMESPACE,
    ".spec.credentials.secretRef.name": _OBJECT,
    ".spec.credentials.secretRef.key": _DATA_KEY,
    ".spec.credentials.secretRef.namespace": _NAMESPACE,
    ".spec.credentials.renewal.lifetime": _INTERVAL,
    ".spec.access[].organizations[]": _GLOB,
    ".spec.access[].users[]": _GLOB,
    ".spec.access[].robotNames[]": _NAME_GLOB,
    ".spec.access[].teams[]": _GLOB,
    ".spec.access[].issuers[]": _GLOB,
    ".spec.excludeNamespaces[]": namespaces.EXCLUDED,
    ".spec.consent": namespaces.CONSENT,
    ".spec.robotNameTemplate": namespaces.NAMES,
}
# The longest value that is accepted, where it is not the letter `a` as often as allowed.
LONGEST = {
    ".spec.organization": "a" * 252,  # the full name has room for 255
    ".spec.user": "a" * 252,
    ".spec.robotName": "a" * 250,
    f"{federation.PLACE}.issuer": federation.LONGEST_ISSUER,
    ".spec.rotation.interval": "0" * 30 + "1h",
    ".spec.rotation.window.schedule": "0" * 120 + " * * * *",
    ".spec.rotation.window.duration": "0" * 29 + "10s",
    ".spec.rotation.overlap": "0" * 29 + "10s",
    ".spec.url": f"https://{'a' * 253}:65535/",
    ".spec.registryHost": f"{'a' * 253}:65535",
    ".spec.registryHosts[]": f"{'a' * 253}:65535",
    ".spec.limits.timeout": "0" * 29 + "10s",
    ".spec.resyncInterval": "0" * 29 + "10s",
    ".spec.driftInterval": "0" * 29 + "10s",
    ".spec.credentials.renewal.lifetime": "0" * 30 + "1h",
    f"{proxies.PLACE}.url": f"https://{'a' * 253}:65535/",
    **oidc.LONGEST,
    **labels.LONGEST,
}
# Words that cannot stand where the full object has another one.
NOT_ALONE = {
    (f"{credentials.PLACE}.type", "Static"),
    (".spec.permissions.mode", "Unmanaged"),
    (".spec.federation.mode", "Unmanaged"),
    *oidc.NOT_ALONE,
    *labels.NOT_ALONE,
}
# Lists of words that have to be some of these, each once.
WORDS = {".spec.secrets[].serviceAccounts[].links": ["imagePullSecrets", "secrets"]}
