import Domain

// Rules about an artifact as a whole.
extension Rule {
  static let artifact = [
    unsupportedFormat, artifactMalformed, noModel, severalModels, notAModel, memberNotRead, polyglot, nesting,
    members, linkOut, link, special, notLifted, moreFindings,
  ]

  static let unsupportedFormat = Rule(
    "artifact.unsupported-format", .unknown, .medium, .notLiftable, "a known format that is not lifted",
    why: "The file was read for what it would do; turning it into a model graph is another matter.",
    example: "expected a scikit-learn model in a pickle or joblib file, found ONNX",
    remedy: "dump the scikit-learn model with joblib.dump, and push that file", [])
  static let artifactMalformed = Rule(
    "artifact.malformed", .damage, .medium, .malformed, "the file is of no format that is known",
    why: "What nobody can read nobody can vouch for.", example: "expected a model, found an empty file",
    remedy: "push the file that joblib.dump or pickle.dump wrote", RuleText.corrupt)
  static let noModel = Rule(
    "artifact.no-model", .unknown, .medium, .notLiftable, "no file of the directory holds a model",
    why: "There is nothing to serve.",
    example: "expected one file that holds a model, found none among 3",
    remedy: "put the file that joblib.dump wrote into the directory, or push that file itself", [])
  static let severalModels = Rule(
    "artifact.several-models", .unknown, .medium, .notLiftable,
    "more than one file of the directory holds a model",
    why: "Which of them is meant would be a guess.",
    example: "expected one file that holds a model, found 2: 'a.pkl', 'b.pkl'",
    remedy: "push one of the files, or put the models together in one Pipeline", [])
  static let notAModel = Rule(
    "artifact.not-a-model", .unknown, .medium, .notLiftable, "the file holds something else than a model",
    why: "Data is harmless and predicts nothing.", example: "expected a fitted estimator, found a dict",
    remedy: "dump the fitted estimator itself, not its parameters, its data or a dict around it", [])
  static let memberNotRead = Rule(
    "artifact.member-not-read", .remark, .note, nil, "a file of the directory is not part of the model",
    why: "What is not part of the model is not served.", example: "expected a model, found text",
    remedy: "leave it out of the directory if nobody needs it", [])
  static let polyglot = Rule(
    "artifact.polyglot", .differential, .critical, .dangerous, "the same bytes are two formats at once",
    why: "One reader sees a harmless model, another the payload; nobody makes such a file by accident.",
    example: "expected one format, found a pickle and a zip archive in the same bytes",
    remedy: RuleText.doNotLoad, RuleText.supplyChain + ["CWE-434"])
  static let nesting = Rule(
    "artifact.nesting", .exhaustion, .high, .dangerous, "containers nest deeper than is followed",
    why: "Archives in archives are how a scanner is made to stop looking, and how bombs multiply.",
    example: "expected at most 6 containers inside each other, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-409"])
  static let members = Rule(
    "artifact.members", .exhaustion, .high, .dangerous, "more members than are looked at",
    why: "Reading has a bound; what lies behind it was not seen.",
    example: "expected at most 20000 files inside the artifact, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion)
  static let linkOut = Rule(
    "artifact.link-out", .externalReference, .high, .dangerous,
    "a link of the directory leads outside of it",
    why:
      "Whoever reads the directory on another machine reads that machine's files: its keys, its passwords.",
    example: "expected only files and directories, found a link to '/etc/passwd'",
    remedy: "replace the link by the file that is meant", RuleText.outside + ["CWE-59"])
  static let link = Rule(
    "artifact.link", .unknown, .medium, .notLiftable, "a link of the directory is not followed",
    why:
      "A link is resolved by whoever reads it, at the time they read it; only what stands in the directory is"
      + " inspected.",
    example: "expected only files and directories, found a link to 'model-v2.pkl'",
    remedy: "copy what it leads to into the directory", RuleText.outside + ["CWE-59"])
  static let special = Rule(
    "artifact.special-file", .exhaustion, .high, .dangerous,
    "a pipe, socket or device stands in the directory",
    why: "Opening a pipe waits for ever, reading a device has effects.",
    example: "expected only files and directories, found a pipe, socket or device",
    remedy: "remove it from the directory", RuleText.exhaustion + ["CWE-67"])
  static let notLifted = Rule(
    "artifact.not-lifted", .unknown, .medium, .notLiftable, "the model is understood, and cannot be lifted",
    why: "Every name in the file is known and harmless, but the estimator, or the way it was set up, has no"
      + " operators of the model graph yet.",
    example: "expected an estimator that can be lifted, found sklearn.svm._classes.SVC as the model",
    remedy: "use an estimator that can be lifted; 'gatehouse lift' names them", [])
  static let moreFindings = Rule(
    "report.more", .remark, .note, nil, "more findings than a report lists",
    why: "The weightiest are listed; the rest would only hide them.",
    example: "12 more findings are left out",
    remedy: "settle those that are listed, and inspect again", [])
}
