import Domain

// Rules about the models of XGBoost, LightGBM and CatBoost.
extension Rule {
  static let boosters = [
    xgboostStructure, xgboostDepth, xgboostDuplicate, xgboostMalformed, lightGBMStructure, lightGBMDuplicate,
    lightGBMMalformed, catBoostStructure, catBoostMalformed,
  ]

  static let xgboostStructure = Rule(
    "xgboost.tree-structure", .structure, .critical, .dangerous,
    "the numbers of an XGBoost model lead out of its memory, or round in a circle",
    why:
      "XGBoost follows children, features, categories and outputs without a check; a crafted model reads or"
      + " writes foreign memory, or never ends.",
    example: "expected the children of node 0 of tree 0 from 0 to 6, found 4096",
    remedy: RuleText.doNotLoad, RuleText.outOfBounds)
  static let xgboostDepth = Rule(
    "xgboost.depth", .exhaustion, .high, .dangerous, "values nest deeper than XGBoost's reader bears",
    why: "Its reader calls itself for each level and overflows its stack, which ends the process.",
    example: "expected values at most 64 deep, found deeper ones", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let xgboostDuplicate = Rule(
    "xgboost.duplicate-name", .differential, .high, .dangerous, "a name occurs twice in one object",
    why:
      "Readers differ in which of the two they take: one sees a sound tree where another sees the payload.",
    example: "expected each name once in an object, found 'left_children' again",
    remedy: RuleText.doNotLoad, RuleText.corrupt + ["CWE-436"])
  static let xgboostMalformed = Rule(
    "xgboost.malformed", .damage, .medium, .malformed, "the bytes are no XGBoost model from some point on",
    why: "A file that breaks off is no model.", example: "expected ',' or ']', found the end of the input",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let lightGBMStructure = Rule(
    "lightgbm.tree-structure", .structure, .critical, .dangerous,
    "the numbers of a LightGBM model lead out of its memory, or round in a circle",
    why:
      "LightGBM follows children, features, sets of categories and the lengths of its trees without a check"
      + " (LightGBM#7357).",
    example: "expected 30 numbers in left_child of tree 0, found 3", remedy: RuleText.doNotLoad,
    RuleText.outOfBounds)
  static let lightGBMDuplicate = Rule(
    "lightgbm.duplicate-name", .differential, .high, .dangerous, "a line of a tree stands there twice",
    why:
      "Readers differ in which of the two they take: one sees a sound tree where another sees the payload.",
    example: "expected 'left_child' once, found it again", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-436"])
  static let lightGBMMalformed = Rule(
    "lightgbm.malformed", .damage, .medium, .malformed, "the text is no LightGBM model from some point on",
    why: "A file that breaks off is no model.",
    example: "expected the end of the trees, found the end of the text", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let catBoostStructure = Rule(
    "catboost.tree-structure", .structure, .critical, .dangerous,
    "the numbers of a CatBoost model lead out of its memory",
    why: "CatBoost looks up features and leaves by the numbers in the file.",
    example: "expected 1 numbers for each of 8 leaves in leaf_values, found 3", remedy: RuleText.doNotLoad,
    RuleText.outOfBounds)
  static let catBoostMalformed = Rule(
    "catboost.malformed", .damage, .medium, .malformed, "the JSON is no CatBoost model from some point on",
    why: "A file that lost a part is no model, or answers as another one.",
    example: "expected a list as leaf_values, found nothing", remedy: RuleText.checkWhole,
    RuleText.corrupt)
}
