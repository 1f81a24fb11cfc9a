import Domain
import Encoding

// How a version stands in the ledger.

extension ModelVersion {
  var change: JSON {
    var members: [String: JSON] = [
      "change": "add-version", "name": .string(reference.name.description),
      "version": JSON(reference.version.value), "bundle": .string(bundle.description),
      "artifact": .string(artifact.description), "policy": .string(policy.description),
      "framework": .string(framework), "pushedBy": .string(pushedBy.description),
      "at": .integer(admittedAt.milliseconds),
    ]
    // Entries from before there were any have no such member, and are read like those that state none.
    if trainingData != .unstated { members["trainingData"] = trainingData.json }
    return .object(members)
  }

  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.name("name"), let version = members.version("version"),
      let bundle = members.digest("bundle"), let artifact = members.digest("artifact"),
      let policy = members.digest("policy"), let framework = members.text("framework"),
      let pushedBy = members.principal("pushedBy"),
      let data = try? TrainingData(json: members.json["trainingData"] ?? [], at: "/trainingData")
    else { return nil }
    self.init(
      reference: VersionReference(name: name, version: version), bundle: bundle, artifact: artifact,
      policy: policy, framework: framework, pushedBy: pushedBy, admittedAt: moment, trainingData: data)
  }
}
