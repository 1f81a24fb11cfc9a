/// Documents word for word.
enum Golden {
  static let markdown = #"""
    # Threat model of iris@2

    Open threats: 1 high, 5 medium, 2 low.

    ## Facts

    | fact | |
    |---|---|
    | exposure | external |
    | data class | gold |
    | owner | not known |
    | callers | 2 keys; 1 without a budget |
    | answers | labels, probabilities of 4 features |
    | limits | no bound on predictions at a time |
    | records | no rows; when the spool is full as the process was started |
    | transport | not encrypted |
    | inspection | joblib+zlib, liftable, clean |
    | framework | scikit-learn 1.5.0 |
    | training data | none was named |
    | seals | by aaaaaaaaaaaaaaaa |
    | replaced | nothing: it is the first |
    | policy | asks no gates |
    | confinement | confined |
    | advisories | not known |
    | defences | not known |

    ## Threats

    | threat | risk | how grave | state |
    |---|---|---|---|
    | ML01 Input Manipulation Attack | operational, brand | medium | open |
    | ML02 Data Poisoning Attack | operational, brand | high | open |
    | ML03 Model Inversion Attack | brand, operational | medium | open |
    | ML04 Membership Inference Attack | brand, operational | medium | open |
    | ML05 Model Theft | strategic | medium | reopened |
    | ML06 AI Supply Chain Attacks | operational, strategic | low | mitigated |
    | ML09 Output Integrity Attack | brand, operational | medium | open |
    | ML10 Model Poisoning | operational, strategic | low | mitigated |
    | AML.T0011.000 Unsafe AI Artifacts | operational | low | mitigated |
    | AML.T0029 Denial of AI Service | operational | low | open |
    | AML.T0034 Cost Harvesting | operational, strategic | low | open |
    | AML.T0076 Corrupt AI Model | operational | low | mitigated |

    ### ML01 Input Manipulation Attack

    Comes as AML.T0043 Craft Adversarial Data, AML.T0015 Evade AI Model.
    Applies: callers choose what it reads. Grave: medium, without controls high.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | inputs are looked at for adversarial ones (AML.M0015) | required | not known |
    | no version comes in without tests (AML.M0008) | required | no: no gate 'tests' |
    | rows unlike training's are refused (AML.M0015) | further | not known |
    | every caller has a rate (AML.M0004) | further | yes: all 2 |
    | no prediction goes out without a record (AML.M0024) | further | not known |
    | somebody answers for it | further | not known |

    **Open.** not held: inputs are looked at for adversarial ones; not held: no version comes in without tests.

    ### ML02 Data Poisoning Attack

    Comes as AML.T0020 Training Data Poisoning.
    Applies: no model is without it. Grave: high, without controls high.

    | control | | state |
    |---|---|---|
    | the data that it was trained with is named by digest (AML.M0025) | required | no: none was named |
    | no version comes in without tests (AML.M0008) | required | no: no gate 'tests' |
    | what data it may be trained with is asked (AML.M0025) | further | no: no gate 'training-data' |
    | no version comes in that measures worse than is asked (AML.M0008) | further | no: no gate 'metrics' |
    | somebody else says yes to each version | further | no: no gate 'approvals' |

    **Open.** not held: the data that it was trained with is named by digest; not held: no version comes in without tests.

    ### ML03 Model Inversion Attack

    Comes as AML.T0024.001 Invert AI Model.
    Applies: its data is gold. Grave: medium, without controls high.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | every caller has a query budget (AML.M0004) | required | no: 1 of 2 have none |
    | answers are labels alone, or rounded to 3 digits (AML.M0002) | required | no: labels, probabilities; output rounding: off |
    | every caller has a rate (AML.M0004) | further | yes: all 2 |
    | no prediction goes out without a record (AML.M0024) | further | not known |
    | every key ends by itself (AML.M0019) | further | yes: all 2 |

    **Open.** not held: every caller has a query budget; not held: answers are labels alone, or rounded to 3 digits.

    ### ML04 Membership Inference Attack

    Comes as AML.T0024.000 Infer Training Data Membership.
    Applies: its data is gold. Grave: medium, without controls high.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | answers are labels alone, or rounded to 3 digits (AML.M0002) | required | no: labels, probabilities; output rounding: off |
    | every caller has a query budget (AML.M0004) | further | no: 1 of 2 have none |
    | every caller has a rate (AML.M0004) | further | yes: all 2 |
    | no prediction goes out without a record (AML.M0024) | further | not known |
    | every key ends by itself (AML.M0019) | further | yes: all 2 |

    **Open.** not held: answers are labels alone, or rounded to 3 digits.

    ### ML05 Model Theft

    Comes as AML.T0024.002 Extract AI Model.
    Applies: no model is without it. Grave: medium, without controls high.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | every caller has a query budget (AML.M0004) | required | no: 1 of 2 have none |
    | every caller has a rate (AML.M0004) | further | yes: all 2 |
    | answers are labels alone, or rounded to 3 digits (AML.M0002) | further | no: labels, probabilities; output rounding: off |
    | callers who ask as one does who copies the model are told of (AML.M0024) | further | not known |
    | no prediction goes out without a record (AML.M0024) | further | not known |
    | every key ends by itself (AML.M0019) | further | yes: all 2 |

    **Reopened:** exposure was internal and is external. not held: every caller has a query budget.
    Accepted by service:security on 2026-11-21T09:30:00.000Z, for iris@2; service:fraud-team answers for it: a contract covers it.

    ### ML06 AI Supply Chain Attacks

    Comes as AML.T0010 AI Supply Chain Compromise.
    Applies: no model is without it. Grave: low, without controls high.

    | control | | state |
    |---|---|---|
    | inspection read all of it and found nothing grave (AML.M0014) | required | yes: joblib+zlib, liftable, clean |
    | a trusted key sealed what is served (AML.M0013) | required | yes: by aaaaaaaaaaaaaaaa |
    | a bill of materials says what it was made with (AML.M0023) | required | yes: scikit-learn 1.5.0 |
    | a trusted key had sealed the artifact before it came here (AML.M0013) | further | no: it came without a seal |
    | known advisories of its components hold it back (AML.M0016) | further | no: no gate 'advisories' |
    | the frameworks that it may come from are named (AML.M0014) | further | no: no gate 'frameworks' |

    **Mitigated.** Every required control holds.

    ### ML09 Output Integrity Attack

    Applies: no model is without it. Grave: medium, without controls high.

    | control | | state |
    |---|---|---|
    | requests and answers travel encrypted | required | no: in plain text |
    | no prediction goes out without a record (AML.M0024) | further | not known |
    | the process that serves it has given up what serving does not need | further | yes: nothing is lacking |

    **Open.** not held: requests and answers travel encrypted.

    ### ML10 Model Poisoning

    Comes as AML.T0018 Manipulate AI Model.
    Applies: no model is without it. Grave: low, without controls high.

    | control | | state |
    |---|---|---|
    | a trusted key sealed what is served (AML.M0013) | required | yes: by aaaaaaaaaaaaaaaa |
    | the process that serves it has given up what serving does not need | required | yes: nothing is lacking |
    | somebody else says yes to each version | further | no: no gate 'approvals' |
    | no version comes in without tests (AML.M0008) | further | no: no gate 'tests' |
    | there is a version to go back to | further | no: it is the first |

    **Mitigated.** Every required control holds.

    ### AML.T0011.000 Unsafe AI Artifacts

    Applies: joblib+zlib can hold code. Grave: low, without controls critical.

    | control | | state |
    |---|---|---|
    | inspection read all of it and found nothing grave (AML.M0014) | required | yes: joblib+zlib, liftable, clean |
    | it runs as data: none of the artifact's code does (AML.M0014) | required | yes: lifted |
    | the process that serves it has given up what serving does not need | further | yes: nothing is lacking |

    **Mitigated.** Every required control holds.

    ### AML.T0029 Denial of AI Service

    Applies: no model is without it. Grave: low, without controls medium.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | every caller has a rate (AML.M0004) | required | yes: all 2 |
    | predictions at a time have a bound (AML.M0004) | required | no: none but that of the whole process |
    | the process that serves it has given up what serving does not need | further | yes: nothing is lacking |
    | there is a version to go back to | further | no: it is the first |

    **Open.** not held: predictions at a time have a bound.

    ### AML.T0034 Cost Harvesting

    Applies: no model is without it. Grave: low, without controls medium.

    | control | | state |
    |---|---|---|
    | a key or a token is asked of every caller (AML.M0019) | required | yes: 2 keys; 1 without a budget |
    | every caller has a query budget (AML.M0004) | required | no: 1 of 2 have none |
    | every caller has a rate (AML.M0004) | further | yes: all 2 |
    | every key ends by itself (AML.M0019) | further | yes: all 2 |
    | no prediction goes out without a record (AML.M0024) | further | not known |

    **Open.** not held: every caller has a query budget.

    ### AML.T0076 Corrupt AI Model

    Applies: no model is without it. Grave: low, without controls high.

    | control | | state |
    |---|---|---|
    | inspection read all of it and found nothing grave (AML.M0014) | required | yes: joblib+zlib, liftable, clean |
    | it runs as data: none of the artifact's code does (AML.M0014) | further | yes: lifted |
    | a trusted key had sealed the artifact before it came here (AML.M0013) | further | no: it came without a seal |

    **Mitigated.** Every required control holds.

    ## What does not apply

    - ML07 Transfer Learning Attack: models of scikit-learn are trained from rows alone
    - ML08 Model Skewing: it is the first: nothing that it answered came back to it

    """#
}
