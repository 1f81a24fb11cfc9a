import Artifacts
import Domain

extension InspectionWalk {
  /// Judges a file of a directory as what its name makes of it for whoever loads the directory.
  ///
  /// Only what loaders look for by name; what a file is, its content says.
  mutating func judgePlace(of subject: Subject) {
    let name = subject.member.split(separator: "/").last.map(String.init) ?? ""
    if name == "MLmodel" { MLflowModel.judge(subject.bytes, subject, in: &self) }
    if Requirements.isList(subject.member) { Requirements.judge(subject.bytes, subject, in: &self) }
    if let kind = EnvironmentFile.Kind(path: subject.member) {
      for fault in EnvironmentFile(subject.bytes, as: kind).faults {
        report(.environmentUnread, fault.message, subject, at: fault.offset)
      }
    }
    if name.hasSuffix(".py") || name.hasSuffix(".pyc") || name.hasSuffix(".ipynb") {
      report(.directoryCode, "expected data, found Python code", subject)
    }
  }
}
