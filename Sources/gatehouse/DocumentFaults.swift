import Documents
import Encoding

/// What is wrong with documents that people wrote, for the terminal.
enum DocumentFaults {
  /// Tells what is wrong with a file.
  static func tell(_ faults: [DocumentFault], isCut: Bool, of file: String) {
    for fault in faults { Console.prose(fault.text(file: file)) }
    if isCut { Console.prose("\(file.excerpt()): more faults than these \(faults.count)") }
  }
}
