import Artifacts

/// PyTorch's oldest format, of before version 0.1.10: a tar archive of four files.
enum TorchTar {
  /// Whether an archive has the four files.
  static func claims(_ archive: TarArchive) -> Bool {
    Set(archive.members.map(\.name)).isSuperset(of: ["sys_info", "pickle", "storages", "tensors"])
  }

  /// Inspects the object and what machine it was; false for a member that is to be inspected as any other.
  ///
  /// Storages and tensors are pickles with raw numbers between them; of those the pickles are judged that can be
  /// told from numbers.
  static func inspect(_ member: TarMember, of subject: Subject, in walk: inout InspectionWalk) -> Bool {
    guard member.name == "pickle" || member.name == "sys_info" else { return false }
    let path = (subject.member.isEmpty ? "" : subject.member + "/") + member.name
    let reading = PickleReading.readTorch(member.bytes, budget: walk.budget)
    let place = Subject(bytes: member.bytes, member: path, depth: subject.depth + 1)
    TorchJudge.report(reading, place, in: &walk, numbersTensors: true)
    return true
  }
}
