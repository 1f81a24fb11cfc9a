import Documents
import Encoding

/// What is wrong with documents that people wrote, for the terminal.
enum DocumentFaults {
  /// Tells what is wrong with a file.
  static func tell(_ faults: [DocumentFault], isCut: Bool, of file: String) {
    for fault in faults { Console.prose(fault.text(file: file)) }
    if isCut { Console.prose("\(file.excerpt()): more faults than these \(faults.count)") }
  }

  /// What was read of a file; ends the command with all that is wrong with it where nothing was.
  static func require<Value>(
    _ value: Value?, _ faults: [DocumentFault], isCut: Bool, of file: String
  ) throws(CommandEnd) -> Value {
    if let value { return value }
    tell(faults, isCut: isCut, of: file)
    throw CommandEnd(exitCode: 2)
  }
}
