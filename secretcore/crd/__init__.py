"""CustomResourceDefinitions, generated from the models: what the API server checks is what the core reads.

`schema` turns a struct into a structural schema, `versions` makes v1beta1 of v1, `kinds` puts the whole together.
`python -m secretcore.crd` writes the files in `crds/`, from where the chart and `kubectl apply` take them.
"""
