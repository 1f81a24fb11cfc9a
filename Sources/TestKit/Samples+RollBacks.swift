public import Domain
public import Gates

extension Sample {
  /// A note that a name was taken back from version 2 to version 1, at a millisecond of the sample epoch.
  public static func rollBackNote(of name: String, at number: Int) throws(Problem) -> RollBackNote {
    try RollBackNote(
      trace: "00aa11bb22cc33dd", at: moment(number), by: RollBackNote.User(id: 1000, name: "ada"),
      reason: try RevocationReason(parsing: "it answers nonsense"),
      from: VersionReference(name: Sample.name(name), version: versionNumber(2)), to: versionNumber(1),
      bundle: digest(1), state: digest(7))
  }
}
