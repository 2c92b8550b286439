# Run where `bao` talks to your OpenBao as its administrator; with Vault, `vault` takes the same arguments.
# One that runs outside of the cluster also needs the cluster's kubernetes_ca_cert and a token_reviewer_jwt in the config.
# Pods of ServiceAccount "shop" in namespace "default" may then read secret/shop/*, by a token for audience "vault".
bao auth enable kubernetes
bao write auth/kubernetes/config kubernetes_host=https://kubernetes.default.svc
echo 'path "secret/data/shop/*" { capabilities = ["read"] }' | bao policy write shop -
bao write auth/kubernetes/role/shop audience=vault token_policies=shop \
    bound_service_account_names=shop bound_service_account_namespaces=default
bao kv put -mount=secret shop/database username=shop password=swordfish
