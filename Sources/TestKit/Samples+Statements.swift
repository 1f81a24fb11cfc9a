public import Domain
import Encoding
public import Provenance
public import Statements

extension Sample {
  /// A sealed bundle of a version that statements can be made of: no model is in it, all that is stated of one is.
  ///
  /// Its one gate passed; `outcome` is how, in the words of releases that know exceptions.
  public static func statedBundle(
    _ text: String, sealedBy key: SealingKey, _ files: [BundleFile] = [], outcome: String? = nil
  ) throws(Problem) -> SealedBundle {
    let bill = ModelBill(of: try manifest(text), files: files, task: nil, inputs: [], outputs: [])
    let inspection: JSON = ["verdict": "liftable", "findings": []]
    var gate: [String: JSON] = ["gate": "gate.verdict", "passed": true, "reason": "a"]
    gate["outcome"] = outcome.map { .string($0) }
    let gates: JSON = ["passed": true, "results": [.object(gate)]]
    return try bundle(
      text, sealedBy: key,
      files + [
        BundleFile(path: ModelBill.path, bytes: bill.canonicalBytes),
        BundleFile(path: StatedBundle.inspectionPath, bytes: inspection.canonicalBytes),
        BundleFile(path: StatedBundle.gatesPath, bytes: gates.canonicalBytes),
      ])
  }

  /// An account of a push of a version.
  public static func push(_ text: String) throws(Problem) -> PushAccount {
    PushAccount(
      reference: try VersionReference(parsing: text), principal: principal, trace: "trace-1",
      admittedAt: moment())
  }
}
