import Documents
import Encoding

/// What is wrong with documents that people wrote, for the terminal.
enum DocumentFaults {
  /// Tells what is wrong with a file.
  static func tell(_ faults: [DocumentFault], isCut: Bool, of file: String) {
    for fault in faults { Console.prose(fault.text(file: file)) }
    if isCut { Console.prose("\(file.excerpt()): more faults than these \(faults.count)") }
  }

  /// What a file says; tells all that is wrong with it, and ends the command, where it says nothing.
  static func require<Document: WrittenDocument>(
    _ document: Document, of file: String
  ) throws(CommandEnd) -> Document.Content {
    if let content = document.content { return content }
    tell(document.faults, isCut: document.isCut, of: file)
    throw CommandEnd(exitCode: 2)
  }
}
