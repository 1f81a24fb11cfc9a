// kernel-times: reads commands from the standard input, one a line, and answers each with one line.
//
//   load NAME FOLDER            lifts a model and lays it out; gives the milliseconds that took
//   time NAME ROWS THREADS MS   asks for probabilities again and again for so long; gives nanoseconds a request
//   write NAME ROWS FILE        asks once and writes the probabilities down, doubles row by row
//   repeat NAME ROWS TIMES      asks so many times: for counting instructions

await Commands.carryOut()
