// SPDX-License-Identifier: MIT

/** A Java program: its frames are made at run time and in no file. */
class Clock {
	static void blocks() throws Exception {
		System.in.read();
	}

	public static void main(String[] args) throws Exception {
		System.out.println("ready");
		System.out.flush();
		blocks();
	}
}
