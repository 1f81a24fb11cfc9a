import Foundation

/// Runs a program to its end.
enum Subprocess {
  struct Failure: Error {
    let command: [String]
    let status: Int32
  }

  /// The bytes of its standard output; throws unless it ends with status 0.
  static func output(of program: String, _ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Read before waiting: a full pipe would hold the program up for ever.
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(command: [program] + arguments, status: process.terminationStatus)
    }
    return Array(output)
  }
}
