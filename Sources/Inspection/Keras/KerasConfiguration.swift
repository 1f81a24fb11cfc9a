import Artifacts
import Domain
import Encoding

/// A Keras architecture in a file of its own, as `to_json` writes it.
enum KerasConfiguration: JSONKind {
  static func claims(_ outline: JSONOutline) -> Bool {
    if KerasJudge.isConfiguration(outline.root) { return true }
    if case .array(let items) = outline.root {
      return items.prefix(64).contains(where: KerasJudge.isConfiguration)
    }
    return ["model_config", "model", "config"].contains { name in
      outline.root[name].map(KerasJudge.isConfiguration) == true
    }
  }

  static func inspect(_ outline: JSONOutline, _ subject: Subject, in walk: inout InspectionWalk) -> Inspected
  {
    walk.report(
      outline.isWhole
        ? KerasJudge.findings(of: outline.root, in: subject)
        : KerasJudge.findings(ofText: subject.bytes, in: subject).findings)
    return Inspected("Keras configuration", .model)
  }
}
