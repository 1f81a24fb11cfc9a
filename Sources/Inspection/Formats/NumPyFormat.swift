import Artifacts

/// NumPy's file of one array.
enum NumPyFormat: InspectedFormat {
  static let name = "npy"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    NumPyFile.begins(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    do throws(NumPyFileError) {
      switch try NumPyFile.content(subject.bytes) {
      case .array: return Inspected(name, .data("a NumPy array"))
      case .pickle(let offset):
        let reading = PickleReading.read(subject.bytes, from: offset, budget: walk.budget)
        walk.report(PickleJudge.findings(of: reading, member: subject.member))
        if let document = reading.document { walk.report(DocumentChecks.findings(of: document, in: subject)) }
        return Inspected(name, .data("a NumPy array of Python objects"))
      }
    } catch {
      walk.report(.array, error.message, subject, at: error.offset)
      return Inspected(name, .refused)
    }
  }
}
