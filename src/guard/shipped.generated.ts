// Generated from manifests/default by hack/build-install.ts. Do not edit.

export const SHIPPED: readonly { readonly kind: string; readonly name: string; readonly spec: object }[] = [
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "approval-decision.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "has(object.spec.decision) && !has(oldObject.spec.decision)",
          "name": "decided-now"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "approvalrequests"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "object.spec.decision.by == request.userInfo.username",
          "message": "Cannot decide in somebody else's name: spec.decision.by says who decides; write your own user name, which kubectl auth whoami tells.",
          "messageExpression": "'Cannot decide in the name of ' + object.spec.decision.by + ': spec.decision.by says who decides; write ' + request.userInfo.username + ' there.'",
          "reason": "Forbidden"
        },
        {
          "expression": "!request.userInfo.username.startsWith('system:')",
          "message": "Cannot decide: a decision is a human's, and this user name begins with system:, as those of programs do; let a person with the role molecule-approver decide.",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.request.check('approve').allowed()",
          "message": "Cannot decide: that takes the verb approve on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-approver.",
          "reason": "Forbidden"
        },
        {
          "expression": "object.spec.requestedBy != request.userInfo.username && !(request.userInfo.username in variables.askers)",
          "message": "Cannot decide what you asked for yourself: it takes a second person; ask somebody else with the role molecule-approver.",
          "reason": "Forbidden"
        },
        {
          "expression": "variables.askers.exists(asker,\n\n  !(asker in ['', 'unattributed', 'system:kube-controller-manager']) &&\n  !asker.startsWith('system:serviceaccount:kube-system:')) ||\nvariables.request.check('approve-unattributed').allowed()",
          "message": "Cannot decide: nobody knows who asked, so it might have been you, and deciding takes the verb approve-unattributed on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-approver-unattributed.",
          "reason": "Forbidden"
        },
        {
          "expression": "!object.spec.?breakGlass.orValue(false) || variables.request.check('break-glass').allowed()",
          "message": "Cannot decide: this operation goes on without the ledger, and deciding takes the verb break-glass on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-break-glass.",
          "reason": "Forbidden"
        }
      ],
      "variables": [
        {
          "expression": "authorizer.group('moleculesai.app').resource('approvalrequests').namespace(object.metadata.namespace).name(object.metadata.name)",
          "name": "request"
        },
        {
          "expression": "object.spec.?record.?askers.orValue([])",
          "name": "askers"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "approval-finalizer.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "'moleculesai.app/approval' in oldObject.metadata.?finalizers.orValue([]) && !('moleculesai.app/approval' in object.metadata.?finalizers.orValue([]))",
          "name": "finalizer-taken-off"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "orgs",
              "workspaces",
              "templateassets"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.userInfo.username == 'system:serviceaccount:molecule-system:molecule-operator'",
          "message": "Cannot take off the finalizer moleculesai.app/approval: it holds the object until its deletion may go on, and only the operator removes it; keep it in metadata.finalizers. To delete the object, use kubectl delete and see its status.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "approval-request-deletion.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "approvalrequests"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.userInfo.username == 'system:serviceaccount:molecule-system:molecule-operator' || request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'] && oldObject.?status.?phase.orValue('') in ['Denied', 'Consumed', 'Expired', 'Superseded', 'Withdrawn'] && oldObject.?status.?restoration.?state.orValue('') != 'Releasing'",
          "message": "Cannot delete an ApprovalRequest: it is the record of what was asked and decided, and only the operator clears it away; to say no, deny it.",
          "messageExpression": "'Cannot delete an ApprovalRequest: it is the record of what was asked and decided, and only the operator clears it away; to say no: kubectl molecule approvals deny ' + oldObject.metadata.name + ' -n ' + oldObject.metadata.namespace",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "approval-request.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "approvalrequests"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.operation != 'CREATE' || object.spec.requestedBy == request.userInfo.username",
          "message": "Cannot ask in somebody else's name: spec.requestedBy says who asks; write your own user name, which kubectl auth whoami tells.",
          "messageExpression": "'Cannot ask in the name of ' + object.spec.requestedBy + ': spec.requestedBy says who asks; write ' + request.userInfo.username + ' there.'",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation != 'CREATE' || !object.metadata.name.startsWith('apr-')",
          "message": "Cannot create an ApprovalRequest of this name: names that begin with apr- are the operator's; choose another.",
          "reason": "Forbidden"
        },
        {
          "expression": "object.spec.?record.hasValue() == (oldObject != null && oldObject.spec.?record.hasValue()) && object.spec.?expiresAt == (oldObject == null ? optional.none() : oldObject.spec.?expiresAt)",
          "message": "Cannot write spec.record, spec.hash or spec.expiresAt: the operator finds out what would be lost and until when it can be decided; leave them out and see the request shortly after.",
          "reason": "Forbidden"
        },
        {
          "expression": "request.operation != 'CREATE' || !object.spec.?breakGlass.orValue(false) || authorizer.group('moleculesai.app').resource('approvalrequests').namespace(object.metadata.namespace).check('break-glass').allowed()",
          "message": "Cannot break the glass: asking for an operation without the ledger takes the verb break-glass on approvalrequests.moleculesai.app, which you do not have; leave spec.breakGlass out, or ask somebody with the role molecule-break-glass.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "cascades.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "orgs",
              "workspaces",
              "templateassets",
              "approvalrequests"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "['foregroundDeletion', 'orphan'].all(name,\n\n  !(name in object.metadata.?finalizers.orValue([])) ||\n  oldObject != null && name in oldObject.metadata.?finalizers.orValue([]))",
          "message": "Cannot add the finalizer foregroundDeletion or orphan: the apiserver sets them when an object is deleted, and one set before decides over a later deletion; remove it from metadata.finalizers and delete with --cascade instead.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "definitions.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "oldObject.spec.group == 'moleculesai.app'",
          "name": "ours"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "apiextensions.k8s.io"
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "customresourcedefinitions"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "false",
          "message": "Cannot delete this CustomResourceDefinition: every Org, Workspace, TemplateAsset or ApprovalRequest in the cluster would go with it without an approval; to remove the operator from the cluster, use kubectl molecule uninstall.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "deleted-org.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE"
            ],
            "resources": [
              "workspaces"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "moleculesai.app/v1alpha1",
        "kind": "Org"
      },
      "validations": [
        {
          "expression": "!has(params.metadata.deletionTimestamp)",
          "message": "Cannot create a Workspace here: the Org of this namespace is being deleted and takes no new ones; use another Org, or wait until it is gone and create it again.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "deletion-held.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "orgs",
              "workspaces",
              "templateassets"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "moleculesai.app/v1alpha1",
        "kind": "Org"
      },
      "validations": [
        {
          "expression": "params.spec.?approvals.?mode.orValue('Hold') != 'Hold' || oldObject.?status.?deletionGrant.hasValue()",
          "message": "This deletion waits for an approval, and everything runs on until then; see kubectl molecule approvals.",
          "messageExpression": "'The deletion of ' + request.kind.kind + ' ' + oldObject.metadata.name + ' waits for an approval' + (request.resource.resource == 'templateassets' ? ' if a Workspace uses it' : '') + ', and everything runs on until then; see what waits with: kubectl molecule approvals list -n ' + oldObject.metadata.namespace"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "deletion-refused.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        },
        {
          "expression": "!has(oldObject.metadata.deletionTimestamp)",
          "name": "not-deleted-yet"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "orgs",
              "workspaces",
              "templateassets"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "moleculesai.app/v1alpha1",
        "kind": "Org"
      },
      "validations": [
        {
          "expression": "params.spec.?approvals.?mode.orValue('Hold') != 'Refuse' || oldObject.?status.?deletionGrant.hasValue()",
          "message": "Cannot delete this object: the Org of this namespace refuses deletions without an approval; ask for one with kubectl molecule delete, and delete again once it is approved.",
          "messageExpression": "'Cannot delete ' + request.kind.kind + ' ' + oldObject.metadata.name + ' in namespace ' + oldObject.metadata.namespace + ': its Org refuses deletions without an approval; ask for one with: kubectl molecule delete ' + variables.reference + ' -n ' + oldObject.metadata.namespace + ' --reason WHY'",
          "reason": "Forbidden"
        }
      ],
      "variables": [
        {
          "expression": "{'orgs': 'org', 'workspaces': 'ws/' + oldObject.metadata.name, 'templateassets': 'ta/' + oldObject.metadata.name}[request.resource.resource]",
          "name": "reference"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "flux-artifacts.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "has(object.spec.artifactRef)",
          "name": "names-an-artifact"
        },
        {
          "expression": "oldObject == null || !has(oldObject.spec.artifactRef) || oldObject.spec.artifactRef.kind != object.spec.artifactRef.kind || oldObject.spec.artifactRef.name != object.spec.artifactRef.name",
          "name": "named-newly"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "templateassets"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "authorizer.group('source.toolkit.fluxcd.io').resource(variables.resource).namespace(object.metadata.namespace).name(object.spec.artifactRef.name).check('get').allowed()",
          "message": "Cannot use the object of spec.artifactRef: agents would be given its files for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change.",
          "messageExpression": "'Cannot use ' + object.spec.artifactRef.kind + ' \"' + object.spec.artifactRef.name + '\" in spec.artifactRef: agents would be given its files for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change, or an administrator for a Role with get on ' + variables.resource + '.source.toolkit.fluxcd.io (resourceNames: [' + object.spec.artifactRef.name + ']).'",
          "reason": "Forbidden"
        }
      ],
      "variables": [
        {
          "expression": "{\n\n  'GitRepository': 'gitrepositories', 'OCIRepository': 'ocirepositories', 'Bucket': 'buckets', 'ExternalArtifact': 'externalartifacts'\n}[object.spec.artifactRef.kind]",
          "name": "resource"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "forge-credentials.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "has(object.spec.secretRef)",
          "name": "names-a-secret"
        },
        {
          "expression": "oldObject == null || !has(oldObject.spec.secretRef) || oldObject.spec.secretRef != object.spec.secretRef || object.spec.?source.?forge != oldObject.spec.?source.?forge || object.spec.?source.?baseURL != oldObject.spec.?source.?baseURL || object.spec.?source.?owner != oldObject.spec.?source.?owner || object.spec.?source.?repo != oldObject.spec.?source.?repo",
          "name": "used-newly"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "templateassets"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "authorizer.group('').resource('secrets').namespace(object.metadata.namespace).name(object.spec.secretRef.name).check('get').allowed()",
          "message": "Cannot use the Secret of spec.secretRef: the operator would log in with it for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change.",
          "messageExpression": "'Cannot use Secret \"' + object.spec.secretRef.name + '\" in spec.secretRef: the operator would log in with it for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change, or an administrator for a Role with get on this Secret (resourceNames: [' + object.spec.secretRef.name + ']).'",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "namespace-of-operator.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])",
          "name": "not-the-namespace-controller"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "namespaces"
            ]
          },
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "namespaces/finalize"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.namespace != 'molecule-system'",
          "message": "Cannot delete namespace molecule-system: the operator of all Orgs is in it; to remove it from the cluster, use kubectl molecule uninstall.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "namespace-of-org.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])",
          "name": "not-the-namespace-controller"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "namespaces"
            ]
          },
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "namespaces/finalize"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "moleculesai.app/v1alpha1",
        "kind": "Org"
      },
      "validations": [
        {
          "expression": "false",
          "message": "Cannot delete this namespace: an Org is in it, whose agents and volumes would go without an approval; delete the Org first, then the namespace.",
          "messageExpression": "'Cannot delete namespace ' + params.metadata.namespace + ': an Org is in it, whose agents and volumes would go without an approval; first: kubectl molecule delete org -n ' + params.metadata.namespace + ' --reason WHY'",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "namespace-of-volumes.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])",
          "name": "not-the-namespace-controller"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "namespaces"
            ]
          },
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "namespaces/finalize"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim"
      },
      "validations": [
        {
          "expression": "!('moleculesai.app/volume' in params.metadata.?finalizers.orValue([]))",
          "message": "Cannot delete this namespace: it keeps volumes of agents; wait until they have expired.",
          "messageExpression": "'Cannot delete namespace ' + params.metadata.namespace + ': it keeps volumes of agents, such as PersistentVolumeClaim ' + params.metadata.name + '; wait until they have expired, as their label moleculesai.app/expires says, or bring their Workspaces back with: kubectl molecule restore'",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "namespace-of-workspaces.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'])",
          "name": "not-the-namespace-controller"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "DELETE"
            ],
            "resources": [
              "namespaces"
            ]
          },
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "namespaces/finalize"
            ]
          }
        ]
      },
      "paramKind": {
        "apiVersion": "moleculesai.app/v1alpha1",
        "kind": "Workspace"
      },
      "validations": [
        {
          "expression": "false",
          "message": "Cannot delete this namespace: agents are in it, which would go without an approval; delete the Org first, or the Workspaces where there is none, then the namespace.",
          "messageExpression": "'Cannot delete namespace ' + params.metadata.namespace + ': agents are in it, such as Workspace ' + params.metadata.name + ', which would go without an approval; delete the Org first, or the Workspaces where there is none, then the namespace.'",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "owner-references.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "size(object.metadata.?ownerReferences.orValue([])) > 0",
          "name": "has-owners"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "orgs",
              "workspaces",
              "templateassets",
              "approvalrequests"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "object.metadata.ownerReferences.all(owner,\n\n  oldObject != null && oldObject.metadata.?ownerReferences.orValue([]).exists(known, known.uid == owner.uid))",
          "message": "Cannot add an ownerReference: the garbage collector would delete this object together with its owner, past every approval; remove metadata.ownerReferences and delete the object by itself when it is no longer wanted.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "platform-agent.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "object.spec.kind == 'platform'",
          "name": "platform-agents-only"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE"
            ],
            "resources": [
              "workspaces"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.userInfo.username == 'system:serviceaccount:molecule-system:molecule-operator'",
          "message": "Cannot create a Workspace of kind platform: the operator creates the one platform agent of each Org by itself; create an Org named 'org' and describe the agent in its spec.platformAgent, or leave spec.kind out.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "privileged-tiers.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "request.operation != 'CREATE' || request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-made-again"
        },
        {
          "expression": "object.spec.?allowPrivilegedTiers.orValue(false) && !(oldObject != null && oldObject.spec.?allowPrivilegedTiers.orValue(false))",
          "name": "allowed-newly"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "orgs"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "authorizer.group('moleculesai.app').resource('orgs').namespace(object.metadata.namespace).check('allow-privileged-tiers').allowed()",
          "message": "Cannot set spec.allowPrivilegedTiers: agents of tiers 3 and 4 own their node, and allowing them takes the verb allow-privileged-tiers on orgs.moleculesai.app, which you do not have; leave it out, or ask an administrator of the cluster.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "restoration.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "'moleculesai.app/restore' in object.metadata.?annotations.orValue({}) && (oldObject == null || oldObject.metadata.?annotations[?'moleculesai.app/restore'] != object.metadata.?annotations[?'moleculesai.app/restore'])",
          "name": "asked-newly"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "persistentvolumeclaims",
              "persistentvolumeclaims/status"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "authorizer.group('moleculesai.app').resource('workspaces').namespace(object.metadata.namespace).check('restore').allowed()",
          "message": "Cannot ask for a deleted Workspace back: the annotation moleculesai.app/restore takes the verb restore on workspaces.moleculesai.app, which you do not have; ask somebody with the role molecule-editor.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "status.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              "moleculesai.app"
            ],
            "apiVersions": [
              "v1alpha1"
            ],
            "operations": [
              "UPDATE"
            ],
            "resources": [
              "orgs/status",
              "workspaces/status",
              "templateassets/status",
              "approvalrequests/status"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.userInfo.username == 'system:serviceaccount:molecule-system:molecule-operator'",
          "message": "Cannot write this status: it is what the operator has observed, and only the operator writes it; change the spec and see what status says then.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "volume-finalizer.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "'moleculesai.app/volume' in object.metadata.?finalizers.orValue([]) && !(oldObject != null && 'moleculesai.app/volume' in oldObject.metadata.?finalizers.orValue([]))",
          "name": "held-newly"
        },
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "CREATE",
              "UPDATE"
            ],
            "resources": [
              "persistentvolumeclaims",
              "persistentvolumeclaims/status"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "authorizer.group('moleculesai.app').resource('workspaces').namespace(object.metadata.namespace).check('hold-volumes').allowed()",
          "message": "Cannot put on the finalizer moleculesai.app/volume: only the operator takes it off again, so that neither this PersistentVolumeClaim nor its namespace could be deleted any more, and putting it on takes the verb hold-volumes on workspaces.moleculesai.app, which you do not have; leave it out, the operator puts it on the volumes of agents.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicy",
    "name": "volumes.moleculesai.app",
    "spec": {
      "failurePolicy": "Fail",
      "matchConditions": [
        {
          "expression": "'moleculesai.app/volume' in oldObject.metadata.?finalizers.orValue([])",
          "name": "ours"
        },
        {
          "expression": "request.userInfo.username != 'system:serviceaccount:molecule-system:molecule-operator'",
          "name": "not-the-operator"
        }
      ],
      "matchConstraints": {
        "resourceRules": [
          {
            "apiGroups": [
              ""
            ],
            "apiVersions": [
              "v1"
            ],
            "operations": [
              "UPDATE",
              "DELETE"
            ],
            "resources": [
              "persistentvolumeclaims",
              "persistentvolumeclaims/status"
            ]
          }
        ]
      },
      "validations": [
        {
          "expression": "request.operation != 'DELETE'",
          "message": "Cannot delete this PersistentVolumeClaim: it is the data of an agent, and only the operator deletes it; delete its Workspace, and it goes after an approval and the time that the Org keeps volumes.",
          "messageExpression": "'Cannot delete PersistentVolumeClaim ' + oldObject.metadata.name + ': it is the data of an agent, and only the operator deletes it; delete the Workspace ' + oldObject.metadata.?labels[?'moleculesai.app/workspace'].orValue('') + ', and it goes after an approval and the time that the Org keeps volumes.'",
          "reason": "Forbidden"
        },
        {
          "expression": "object == null || 'moleculesai.app/volume' in object.metadata.?finalizers.orValue([])",
          "message": "Cannot take off the finalizer moleculesai.app/volume: it holds the data of an agent, and only the operator removes it; keep it in metadata.finalizers.",
          "reason": "Forbidden"
        },
        {
          "expression": "object == null || object.metadata.?ownerReferences.orValue([]).all(owner,\n\n  oldObject.metadata.?ownerReferences.orValue([]).exists(known, known.uid == owner.uid))",
          "message": "Cannot add an ownerReference: the garbage collector would delete the data of an agent together with its owner; remove metadata.ownerReferences.",
          "reason": "Forbidden"
        },
        {
          "expression": "object == null || ( ['app.kubernetes.io/managed-by', 'moleculesai.app/workspace', 'moleculesai.app/incarnation', 'moleculesai.app/expires'].all(name,\n\n  object.metadata.?labels[?name] == oldObject.metadata.?labels[?name]) &&\n['moleculesai.app/workspace-uid', 'moleculesai.app/incarnation', 'moleculesai.app/operation'].all(name,\n\n  object.metadata.?annotations[?name] == oldObject.metadata.?annotations[?name]))",
          "message": "Cannot change what this PersistentVolumeClaim is known by: the label app.kubernetes.io/managed-by and labels and annotations of moleculesai.app say whose data it is and how long it is kept, and only the operator writes them; leave them as they are. To bring a deleted Workspace back, use kubectl molecule restore.",
          "reason": "Forbidden"
        }
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "approval-decision.moleculesai.app",
    "spec": {
      "policyName": "approval-decision.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "approval-finalizer.moleculesai.app",
    "spec": {
      "policyName": "approval-finalizer.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "approval-request-deletion.moleculesai.app",
    "spec": {
      "policyName": "approval-request-deletion.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "approval-request.moleculesai.app",
    "spec": {
      "policyName": "approval-request.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "cascades.moleculesai.app",
    "spec": {
      "policyName": "cascades.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "definitions.moleculesai.app",
    "spec": {
      "policyName": "definitions.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "deleted-org.moleculesai.app",
    "spec": {
      "paramRef": {
        "name": "org",
        "parameterNotFoundAction": "Allow"
      },
      "policyName": "deleted-org.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "deletion-held.moleculesai.app",
    "spec": {
      "paramRef": {
        "name": "org",
        "parameterNotFoundAction": "Allow"
      },
      "policyName": "deletion-held.moleculesai.app",
      "validationActions": [
        "Warn"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "deletion-refused.moleculesai.app",
    "spec": {
      "paramRef": {
        "name": "org",
        "parameterNotFoundAction": "Allow"
      },
      "policyName": "deletion-refused.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "flux-artifacts.moleculesai.app",
    "spec": {
      "policyName": "flux-artifacts.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "forge-credentials.moleculesai.app",
    "spec": {
      "policyName": "forge-credentials.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "namespace-of-operator.moleculesai.app",
    "spec": {
      "policyName": "namespace-of-operator.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "namespace-of-org.moleculesai.app",
    "spec": {
      "paramRef": {
        "name": "org",
        "parameterNotFoundAction": "Allow"
      },
      "policyName": "namespace-of-org.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "namespace-of-volumes.moleculesai.app",
    "spec": {
      "paramRef": {
        "parameterNotFoundAction": "Allow",
        "selector": {
          "matchLabels": {
            "app.kubernetes.io/managed-by": "molecule-operator"
          }
        }
      },
      "policyName": "namespace-of-volumes.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "namespace-of-workspaces.moleculesai.app",
    "spec": {
      "paramRef": {
        "parameterNotFoundAction": "Allow",
        "selector": {}
      },
      "policyName": "namespace-of-workspaces.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "owner-references.moleculesai.app",
    "spec": {
      "policyName": "owner-references.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "platform-agent.moleculesai.app",
    "spec": {
      "policyName": "platform-agent.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "privileged-tiers.moleculesai.app",
    "spec": {
      "policyName": "privileged-tiers.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "restoration.moleculesai.app",
    "spec": {
      "policyName": "restoration.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "status.moleculesai.app",
    "spec": {
      "policyName": "status.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "volume-finalizer.moleculesai.app",
    "spec": {
      "policyName": "volume-finalizer.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  },
  {
    "kind": "ValidatingAdmissionPolicyBinding",
    "name": "volumes.moleculesai.app",
    "spec": {
      "policyName": "volumes.moleculesai.app",
      "validationActions": [
        "Deny"
      ]
    }
  }
];
